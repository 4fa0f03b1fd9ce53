// The demo: computes the SHA-256 of a dropped file and reports through the API, as any producer would.

import { Refusal, Reporter } from "./reporter.js";

const $ = (id) => document.getElementById(id);

// The key comes in the fragment, which is never sent anywhere; it does not stay in the address bar either.
let key = decodeURIComponent(location.hash.slice(1));
if (key) history.replaceState(null, "", location.pathname);

for (const origin of document.querySelectorAll(".origin")) origin.textContent = location.origin;

const show = (id) => {
  for (const part of ["drop", "ask", "watch"]) $(part).hidden = part !== id;
};

/** Resolves with a key, asking for it where there is none. */
const getKey = (why) => {
  if (key && !why) return key;
  if (why) $("ask-why").textContent = why;
  show("ask");
  $("key").focus();
  return new Promise((resolve) => {
    $("ask").onsubmit = (event) => {
      event.preventDefault();
      key = $("key").value.trim();
      $("key").value = "";
      resolve(key);
    };
  });
};

const create = async (file) => {
  const fields = { kind: "checksum", total: file.size, current: 0, unit: "bytes", message: file.name };
  for (let why; ; ) {
    try {
      return await Reporter.create(await getKey(why), fields);
    } catch (error) {
      if (!(error instanceof Refusal) || ![401, 403].includes(error.status)) throw error;
      why = error.message;
    }
  }
};

/** Runs the worker; `tell` hears how many bytes are done. */
const checksum = (file, tell) =>
  new Promise((resolve, reject) => {
    const worker = new Worker("/checksum-worker.js", { type: "module" });
    const end = (settle, value) => {
      worker.terminate();
      settle(value);
    };
    worker.onerror = (event) => end(reject, new Error(event.message || "The worker could not be started."));
    worker.onmessage = ({ data }) => {
      if (data.error) end(reject, new Error(data.error));
      else if (data.sha256) end(resolve, data.sha256);
      else tell(data.done);
    };
    worker.postMessage({ file });
  });

const run = async (file) => {
  $("outcome").textContent = "";
  $("again").hidden = true;
  let reporter;
  try {
    reporter = await create(file);
    const { jobId, token, links } = reporter.job;
    Object.assign($("progress"), { job: jobId, token, label: file.name });
    $("page").href = links.page;
    show("watch");
    // A report that is refused ends the work; the last one says so.
    let refused;
    const tell = (current) =>
      reporter.report({ current, message: "Computing SHA-256" }).catch((error) => (refused = error));
    const sha256 = await checksum(file, tell);
    if (refused) throw refused;
    const output = { sha256, bytes: file.size, name: file.name };
    await reporter.report({ status: "completed", current: file.size, message: "Done", output });
  } catch (error) {
    await reporter?.report({ status: "failed", error: error.message }).catch(() => {});
    $("outcome").textContent = error.message;
    show("watch");
  }
  $("again").hidden = false;
};

// What is shown is what the API says, not what this page knows.
$("progress").addEventListener("job-progress-end", ({ detail }) => {
  if (detail.output?.sha256) $("outcome").textContent = `SHA-256 ${detail.output.sha256}`;
});

$("file").onchange = (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (file) run(file);
};
$("again").onclick = () => {
  show("drop");
  $("file").focus();
};

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
  // One at a time: a file that is dropped while another one is read is left alone.
  if (!$("drop").hidden || !$("again").hidden) run(event.dataTransfer.files[0]);
});
