// Receives webhooks and verifies them: npm install standardwebhooks
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";

const { WEBHOOK_SECRET, PORT } = process.env;
const webhook = new Webhook(WEBHOOK_SECRET);

const server = createServer(async (request, response) => {
  let event;
  try {
    event = webhook.verify(await text(request), request.headers);
  } catch {
    return response.writeHead(400).end();
  }
  console.log(event.type, event.data.jobId);
  response.writeHead(204).end();
});
server.listen(PORT, "127.0.0.1");
