// The server in the container that the Dockerfile describes. There is no container engine here: the instructions are carried out
// in a bare root file system of the Debian release that this machine has.

import assert from "node:assert/strict";
import { copyFileSync, readFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { call, create, report } from "../browser/api.mjs";
import { until } from "../browser/until.mjs";
import { freePort } from "../browser/worker.mjs";
import { selfSigned } from "./certificate.mjs";
import { inContainer, linuxTest } from "./container.mjs";
import { atEnd, startServer, temporaryFolder } from "./executable.mjs";
import { ROOT } from "./readme.mjs";

const FILE = "crates/server/Dockerfile";

// The instructions of the Dockerfile by name; each occurs once.
function instructions() {
  const found = {};
  for (const line of readFileSync(ROOT + FILE, "utf8")
    .split("\n")
    .filter((line) => line && !line.startsWith("#"))) {
    const [, name, value] = /^([A-Z]+) (.+)$/.exec(line);
    assert.ok(!(name in found), `a second ${name}`);
    found[name] = value;
  }
  return found;
}

// Starts the container with these files in its volume. The port is another one than that of the Dockerfile.
async function startContainer({ data = temporaryFolder("volume"), settings } = {}) {
  const { FROM, COPY, RUN, USER, VOLUME, EXPOSE, ENTRYPOINT, ...others } = instructions();
  assert.deepEqual(others, {}, "the test does not carry out these instructions");
  assert.match(FROM, /^debian:\w+-slim$/);
  const [, target] = /^job-progress (\/\S+)\/$/.exec(COPY);
  const port = await freePort();
  const command = JSON.parse(ENTRYPOINT).map((word) => word.replace(`:${EXPOSE}`, `:${port}`));
  assert.ok(command.includes(`0.0.0.0:${port}`) && command.includes(VOLUME));
  return startServer({
    ...inContainer({ target, prepare: RUN, volume: VOLUME, data, user: USER }),
    port,
    command,
    settings,
  });
}

linuxTest("the container serves from a read-only root file system, and ends as `docker stop` asks", async () => {
  const server = await startContainer();
  const job = await create({ current: 1 }, server);
  await report(job.jobId, { current: 2 }, server);
  assert.equal((await call("GET", `/v2/jobs/${job.jobId}/status`, undefined, server)).current, 2);
  assert.equal((await fetch(`${server.base}/job-progress.js`)).status, 200);
  const { code, output } = await server.stop("SIGTERM");
  assert.equal(code, 0, output);
  assert.doesNotMatch(output, /(warning|error): /);
});

linuxTest(
  "webhooks are sent with TLS where the system has no certificates, and to an authority that the operator names",
  async () => {
    const data = temporaryFolder("volume");
    const { certificate, key } = selfSigned(temporaryFolder("certificate"));
    copyFileSync(certificate, join(data, "authority.pem"));
    const received = [];
    const receiver = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (request, response) => {
      received.push(request.headers["webhook-id"]);
      response.writeHead(204).end();
    });
    await new Promise((listening) => receiver.listen(0, "127.0.0.1", listening));
    atEnd(() => receiver.close());
    const webhooks = [{ url: `https://localhost:${receiver.address().port}/`, events: ["job.started"] }];
    const settings = { WEBHOOK_ALLOW: "localhost" };

    const untrusting = await startContainer({ data, settings });
    const { jobId } = await create({ status: "running", webhooks }, untrusting);
    const deliveries = async () =>
      (await call("GET", `/v2/jobs/${jobId}/deliveries`, undefined, untrusting)).deliveries;
    await until("the first try has ended", async () => (await deliveries())[0].tries > 0);
    assert.deepEqual([received, (await deliveries())[0].status], [[], "pending"], "an unknown authority was trusted");
    await untrusting.stop();

    const trusting = await startContainer({ data, settings: { ...settings, SSL_CERT_FILE: "/data/authority.pem" } });
    await create({ status: "running", webhooks }, trusting);
    await until("the webhook is delivered", () => received.length > 0);
  },
);
