// Follows a job with the npm package eventsource 3, a native EventSource for Node.js: one JSON text a line for each document.

import { EventSource } from "eventsource-3";

const [url, token] = process.argv.slice(2);
const source = new EventSource(`${url}?token=${token}`);
source.onmessage = ({ data }) => console.log(JSON.stringify(JSON.parse(data)));
source.addEventListener("end", () => source.close());
