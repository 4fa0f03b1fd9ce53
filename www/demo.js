// The demo page: computes the SHA-256 of a dropped file and reports its progress to the API like any producer.

import { ApiError } from "./api.js";
import "./access.js";
import { forgetKey, keepKey, readKey } from "./keys.js";
import { Reporter } from "./reporter.js";

const $ = (id) => document.getElementById(id);

let key = readKey();

/** The parts of the page of which one is shown, and what takes the focus there from a part that is hidden. */
const PARTS = { drop: "file", ask: "key", watch: "watch" };

const show = (id) => {
  const isLost = Object.keys(PARTS).some((part) => part !== id && $(part).contains(document.activeElement));
  for (const part of Object.keys(PARTS)) $(part).hidden = part !== id;
  if (isLost) $(PARTS[id]).focus();
};

/** Shows the form, with the reason if a key was refused; resolves when there is another key. */
const askForKey = (why) => {
  if (why) {
    forgetKey();
    $("ask-why").textContent = why;
  }
  show("ask");
  // Not on arrival: the focus would scroll the page past everything above.
  if (why) $("key").focus();
  return new Promise((resolve) => {
    $("ask").onsubmit = (event) => {
      event.preventDefault();
      key = $("key").value.trim();
      keepKey(key);
      $("key").value = "";
      resolve();
    };
  });
};

const create = async (file) => {
  const fields = {
    kind: "checksum",
    total: file.size,
    current: 0,
    unit: "bytes",
    message: file.name,
    controls: ["cancel"],
  };
  for (;;) {
    try {
      return await Reporter.create(key, fields);
    } catch (error) {
      if (!(error instanceof ApiError) || ![401, 403].includes(error.status)) throw error;
      await askForKey(error.message);
    }
  }
};

/** Runs the Web Worker; calls `onProgress` with the number of bytes done. When that returns true, there is no checksum. */
const checksum = (file, onProgress) =>
  new Promise((resolve, reject) => {
    const worker = new Worker("/checksum-worker.js", { type: "module" });
    const end = (settle, value) => {
      worker.terminate();
      settle(value);
    };
    worker.onerror = (event) => end(reject, new Error(event.message || "The checksum worker failed to start."));
    worker.onmessage = ({ data }) => {
      if (data.error) end(reject, new Error(data.error));
      else if (data.sha256) end(resolve, data.sha256);
      else if (onProgress(data.done)) end(resolve);
    };
    worker.postMessage({ file });
  });

const run = async (file) => {
  $("outcome").textContent = "";
  $("again").hidden = true;
  let reporter;
  try {
    reporter = await create(file);
    const { jobId, links } = reporter.job;
    Object.assign($("progress"), { job: jobId, token: await reporter.controlToken(), label: file.name });
    $("page").href = links.page;
    show("watch");
    // Reports are sent in the background; a refused one fails the job after the checksum is done.
    let refusal;
    const onProgress = (current) => {
      reporter.report({ current, message: "Computing SHA-256" }).catch((error) => (refusal = error));
      return reporter.isCancelled;
    };
    const sha256 = await checksum(file, onProgress);
    if (refusal) throw refusal;
    const output = { sha256, bytes: file.size, name: file.name };
    const end = { status: "completed", current: file.size, message: "Done", output };
    await reporter.report(sha256 ? end : { status: "cancelled", message: file.name });
  } catch (error) {
    await reporter?.report({ status: "failed", error: error.message }).catch(() => {});
    $("outcome").textContent = error.message;
    show("watch");
  }
  $("again").hidden = false;
};

// The digest comes from the API, not from this page's own variables.
$("progress").addEventListener("job-progress-end", ({ detail }) => {
  if (detail.output?.sha256) $("outcome").textContent = `SHA-256 ${detail.output.sha256}`;
});

$("file").onchange = (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (file) run(file);
};
$("again").onclick = () => show("drop");

const isFile = (event) => event.dataTransfer?.types.includes("Files");
addEventListener("dragover", (event) => {
  if (!isFile(event)) return;
  event.preventDefault();
  document.body.classList.add("dragging");
});
addEventListener("dragleave", (event) => event.relatedTarget ?? document.body.classList.remove("dragging"));
addEventListener("drop", (event) => {
  if (!isFile(event)) return;
  event.preventDefault();
  document.body.classList.remove("dragging");
  // One file at a time: a file dropped during a computation is ignored.
  if (!$("drop").hidden || !$("again").hidden) run(event.dataTransfer.files[0]);
});

if (!key) askForKey().then(() => show("drop"));
