// Follows a job with fetch and eventsource-parser: one JSON text a line for each document.

import { setTimeout as pause } from "node:timers/promises";
import { EventSourceParserStream } from "eventsource-parser/stream";

const [url, token] = process.argv.slice(2);
let lastEventId = "";
for (let ended = false; !ended; ) {
  try {
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}`, "last-event-id": lastEventId } });
    const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    for await (const event of events) {
      ended = event.event === "end";
      if (ended) break;
      console.log(JSON.stringify(JSON.parse(event.data)));
      lastEventId = event.id ?? lastEventId;
    }
  } catch (error) {
    if (error instanceof SyntaxError) throw error;
    await pause(200);
  }
}
