// The producer of the client plays tests/cases/producer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { JobProgressClient } from "../../../crates/client/js/client/client.js";
import { freshJob } from "../../browser/api.mjs";
import { until } from "../../browser/until.mjs";
import { casesOf } from "./case-files.mjs";
import { mismatch } from "./matchers.mjs";
import { scriptedServer } from "./scripted-server.mjs";
import { Variables } from "./variables.mjs";

const SECOND_MS = 1_000;

// Gives a variable that a case names first the value that is at its place.
function bind(expected, actual, variables) {
  const name = /^\{\{([^{}]+)\}\}$/.exec(expected)?.[1];
  if (name && !variables.has(name)) variables.set(name, actual);
  if (expected && typeof expected === "object")
    for (const [key, member] of Object.entries(expected))
      bind(member, key.startsWith("$") ? actual : actual?.[key], variables);
}

const accepted = (job, reports) => ({
  jobId: job,
  seq: 1,
  status: "running",
  attempt: 1,
  accepted: true,
  control: null,
  results: reports.map(() => ({ seq: 1, accepted: true })),
});

class Play {
  #answeredAt = 0;

  constructor({ server, producer, job, controls }) {
    Object.assign(this, { server, producer, job, controls });
    this.variables = new Variables({ job });
  }

  call({ call, fields, line, level, times = 1 }) {
    if (call === "report") return this.producer.update(this.variables.fill(fields));
    for (let index = 0; index < times; index += 1) this.producer.log(line.replaceAll("{{#}}", index), level);
  }

  async request({ request: { method = "POST", path, reports, headers = {}, after, within } }) {
    const { job, variables } = this;
    const wanted = `/v2/jobs/${job}/${method === "POST" ? "reports" : "control"}`;
    this.held = await this.server.next((held) => held.method === method && held.path.split("?")[0] === wanted);
    if (path) assert.equal(this.held.path, variables.fill(path));
    const passed = (this.held.at - this.#answeredAt) / SECOND_MS;
    if (after !== undefined) assert.ok(passed >= after, `the request came after ${passed} s`);
    if (within !== undefined) assert.ok(passed <= within, `the request came after ${passed} s`);
    assert.equal(mismatch(headers, this.held.headers, "the headers"), undefined);
    if (!reports) return;
    const sent = JSON.parse(this.held.body);
    bind(reports, sent, variables);
    assert.equal(mismatch(variables.fill(reports), sent, "reports"), undefined, this.held.body);
  }

  answer({ answer: { status = 200, headers = {}, json, text } }) {
    const { response, body, method } = this.held;
    const isAccepted = status < 300 && json !== null && method === "POST";
    const value = isAccepted ? { ...accepted(this.job, JSON.parse(body)), ...json } : json;
    this.#answeredAt = performance.now();
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(text ?? JSON.stringify(this.variables.fill(value)));
  }

  cut() {
    this.#answeredAt = performance.now();
    this.held.response.socket.destroy();
  }

  async expect({ expect }) {
    const { producer, controls } = this;
    const seen = () => ({
      ended: producer.ended,
      problem: producer.problem?.code ?? null,
      cancelRequested: producer.cancelRequested,
      pauseRequested: producer.pauseRequested,
      controls,
    });
    await until(`the producer is ${JSON.stringify(expect)}`, () => !mismatch(expect, seen(), "the producer"));
  }

  async flush({ flush }) {
    // Only a flush that is to fail waits for its timeout.
    assert.equal(await this.producer.flush({ timeout: (flush ? 30 : 1) * SECOND_MS }), flush);
  }
}

for (const { id, name, options: { interval = 0, controls, ...options } = {}, steps } of casesOf("producer")) {
  test(`producer/${id}: ${name}`, async (t) => {
    t.mock.method(console, "warn", () => {});
    const server = await scriptedServer(t);
    const job = freshJob("case");
    const client = new JobProgressClient({ baseUrl: server.base, apiKey: "jp_case_0123456789abcdefghijklmn" });
    const received = [];
    const onControl = ({ request }) => received.push(request);
    const producer = await client.jobs.producer(job, {
      ...options,
      controls,
      interval: interval * SECOND_MS,
      onControl,
    });
    t.after(() => producer.close({ timeout: 0 }));
    const play = new Play({ server, producer, job, controls: received });
    for (const [number, step] of steps.entries()) {
      const [kind] = ["call", "request", "answer", "cut", "expect", "flush"].filter((kind) => kind in step);
      try {
        await play[kind](step);
      } catch (error) {
        error.message = `step ${number + 1}: ${error.message}`;
        throw error;
      }
    }
    const more = server.waiting.filter(({ method }) => method === "POST").map(({ body }) => body);
    assert.deepEqual(more, [], "the producer sent more than the case says");
  });
}
