// The bar in React: for its size, a page that shows the same with react-dom and the browser's EventSource.

import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

function useJob(src, job, token) {
  const [document, setDocument] = useState(null);
  const [link, setLink] = useState("connecting");
  useEffect(() => {
    const source = new EventSource(`${src}/v2/jobs/${job}/status/stream?token=${token}`);
    source.onopen = () => setLink("live");
    source.onerror = () => setLink(source.readyState === EventSource.CLOSED ? "lost" : "reconnecting");
    source.onmessage = ({ data }) => setDocument(JSON.parse(data));
    source.addEventListener("end", () => source.close());
    return () => source.close();
  }, [src, job, token]);
  return [document, link];
}

const left = (end) => {
  const minutes = Math.ceil((Date.parse(end) - Date.now()) / 60_000);
  return minutes > 0
    ? `${new Intl.NumberFormat(undefined, { style: "unit", unit: "minute" }).format(minutes)} left`
    : "";
};

function JobProgress({ src, job, token, label }) {
  const [document, link] = useJob(src, job, token);
  const percent = document?.progress == null ? undefined : Math.floor(document.progress);
  const state = document?.status ?? "connecting";
  return (
    <div className="base" data-status={state} data-link={link}>
      <div className="row">
        <span className="label">{label}</span>
        <span className="state">{state}</span>
        <span className="percent">{percent === undefined ? "" : `${percent} %`}</span>
      </div>
      <div
        className="track"
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={`${percent ?? ""} ${state}`}
      >
        <div className="fill" style={{ transform: `scaleX(${(percent ?? 0) / 100})` }} />
      </div>
      <div className="row">
        <span className="message">{document?.error?.message ?? document?.message}</span>
        <span className="time">{document?.estimatedCompletion && left(document.estimatedCompletion)}</span>
        <span className="link">{link}</span>
      </div>
    </div>
  );
}

const root = document.getElementById("root");
createRoot(root).render(<JobProgress {...root.dataset} />);
