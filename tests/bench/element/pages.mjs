// The two pages that are compared: our elements, and `<progress>` driven by hand.

const document = (title, body) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>
<style>body { display: grid; font: 14px/1.5 sans-serif; gap: 8px; grid-template-columns: repeat(10, minmax(0, 1fr)) } div { block-size: 80px }</style>
<body>${body}</body></html>`;

// Our page: `elements` elements, on the jobs in turn.
export const ours = (jobs, elements) =>
  document(
    "ours",
    `<script type="module" src="/job-progress.js"></script>
    ${places(jobs, elements, (job) => `<job-progress job="${job}" token="t"></job-progress>`)}`,
  );

// The same page without our element, written for this one purpose: one stream, its frames split by hand, a bar, the
// percentage and the message. It does not reconnect, shows no remaining time, and has no accessible name.
export const byHand = (jobs, elements) =>
  document(
    "by hand",
    `${places(jobs, elements, (job) => `<div data-job="${job}"><b></b><progress max="100"></progress><span></span></div>`)}
    <script type="module">
      const places = new Map();
      for (const place of document.querySelectorAll("[data-job]")) {
        const [percent, bar, message] = place.children;
        const { job } = place.dataset;
        places.set(job, [...(places.get(job) ?? []), { percent, bar, message }]);
      }
      const show = ({ jobId, progress, message: text }) => {
        for (const { percent, bar, message } of places.get(jobId)) {
          bar.value = progress;
          percent.textContent = Math.floor(progress) + "%";
          message.textContent = text;
        }
      };
      const body = JSON.stringify({ jobs: [...places.keys()].map((jobId) => ({ jobId, token: "t" })) });
      const answer = await fetch("/v2/jobs/status/stream", { method: "POST", body });
      let rest = "";
      for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
        const frames = (rest + text).split("\\n\\n");
        rest = frames.pop();
        for (const frame of frames) if (frame.startsWith("data: ")) show(JSON.parse(frame.slice(6)));
      }
    </script>`,
  );

const places = (jobs, elements, place) =>
  Array.from({ length: elements }, (_, index) => place(jobs[index % jobs.length])).join("\n");
