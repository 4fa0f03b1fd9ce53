// The bar in Lit: for its size, an element that shows the same with the browser's EventSource.

import { LitElement, css, html, nothing } from "lit";

const left = (end) => {
  const minutes = Math.ceil((Date.parse(end) - Date.now()) / 60_000);
  return minutes > 0
    ? `${new Intl.NumberFormat(undefined, { style: "unit", unit: "minute" }).format(minutes)} left`
    : "";
};

class LitJobProgress extends LitElement {
  static properties = {
    src: {},
    job: {},
    token: {},
    label: {},
    document: { state: true },
    link: { state: true },
  };

  static styles = css`
    :host {
      display: block;
    }
    .row {
      display: flex;
      gap: 0.75em;
    }
    .percent {
      margin-inline-start: auto;
    }
    .message {
      flex: 1;
    }
    .track {
      background: color-mix(in srgb, currentColor 12%, transparent);
      block-size: 0.5em;
      border-radius: 1em;
      overflow: hidden;
    }
    .fill {
      background: #2563eb;
      block-size: 100%;
      transform-origin: left;
      transition: transform 0.6s;
    }
  `;

  #source;

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#source?.close();
  }

  willUpdate(changed) {
    if (!["src", "job", "token"].some((name) => changed.has(name))) return;
    this.#source?.close();
    this.link = "connecting";
    const source = new EventSource(`${this.src}/v2/jobs/${this.job}/status/stream?token=${this.token}`);
    source.onopen = () => (this.link = "live");
    source.onerror = () => (this.link = source.readyState === EventSource.CLOSED ? "lost" : "reconnecting");
    source.onmessage = ({ data }) => (this.document = JSON.parse(data));
    source.addEventListener("end", () => source.close());
    this.#source = source;
  }

  render() {
    const { document, label, link } = this;
    const percent = document?.progress == null ? undefined : Math.floor(document.progress);
    const state = document?.status ?? "connecting";
    return html`
      <div class="row">
        <span class="label">${label}</span>
        <span class="state">${state}</span>
        <span class="percent">${percent === undefined ? nothing : `${percent} %`}</span>
      </div>
      <div
        class="track"
        role="progressbar"
        aria-label=${label}
        aria-valuemin="0"
        aria-valuemax="100"
        aria-valuenow=${percent ?? nothing}
        aria-valuetext="${percent ?? ""} ${state}"
      >
        <div class="fill" style="transform: scaleX(${(percent ?? 0) / 100})"></div>
      </div>
      <div class="row">
        <span class="message">${document?.error?.message ?? document?.message}</span>
        <span class="time">${document?.estimatedCompletion ? left(document.estimatedCompletion) : nothing}</span>
        <span class="link">${link}</span>
      </div>
    `;
  }
}

customElements.define("lit-job-progress", LitJobProgress);
