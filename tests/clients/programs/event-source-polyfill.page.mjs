// Follows a job with event-source-polyfill in a page: one JSON text a console line for each document.

import { EventSourcePolyfill } from "event-source-polyfill";

const { url, token } = window.job;
const source = new EventSourcePolyfill(url, { headers: { authorization: `Bearer ${token}` } });
source.onmessage = ({ data }) => console.log(JSON.stringify(JSON.parse(data)));
source.addEventListener("end", () => source.close());
