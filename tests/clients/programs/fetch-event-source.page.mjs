// Follows a job with @microsoft/fetch-event-source in a page: one JSON text a console line for each document.

import { fetchEventSource } from "@microsoft/fetch-event-source";

const { url, token } = window.job;
const controller = new AbortController();
fetchEventSource(url, {
  headers: { authorization: `Bearer ${token}` },
  signal: controller.signal,
  openWhenHidden: true,
  onmessage({ event, data }) {
    if (event === "end") controller.abort();
    else console.log(JSON.stringify(JSON.parse(data)));
  },
});
