// The controls of an element with the attribute `controls`: they join the buttons to the job. The script is loaded when an element
// first has the attribute.

import { control, mayControl } from "../../client/js/control.js";
import { ENGLISH } from "../../widget/controls/messages.js";
import { requestsOf } from "../../widget/controls/requests.js";
import { controlsView } from "../../widget/controls/view.js";

// Milliseconds for which a refusal is shown.
const REFUSAL_MS = 10_000;
// Milliseconds after which a job whose producer has not confirmed that it is cancelled can be cancelled without the producer.
const FORCE_MS = 30_000;
// The message keys of refusals, by HTTP status.
const REFUSALS = { 401: "notAllowed", 403: "notAllowed", 404: "notPossible", 409: "notPossible", 429: "tooOften" };

// One button for both: when the job has paused, it resumes it.
const nameOf = (request) => (request === "resume" ? "pause" : request);

// Shows the controls of `host` behind its bar. `hooks` are those of hooks.js; `mounted` is the object of the mode, `base` its view,
// and `defaultSrc` the server of elements without a `src`. Returns what shows the newest document, and what removes the controls.
export const makeControls = (host, hooks, mounted, base, defaultSrc) => {
  // The job that the rest is about.
  let job;
  let isAsking;
  let sending;
  // The document of the last accepted request.
  let accepted;
  // The message key of the last refusal, while it is shown.
  let refusal;
  let refusalTimer;
  let forceTimer;

  const view = controlsView(base.querySelector(".base") ?? base, (event) => {
    if (!isAsking || event.key !== "Escape") return;
    // A dialog around the element stays open.
    event.preventDefault();
    event.stopPropagation();
    ask(false);
  });

  const textOf = (key) => ({ ...ENGLISH, ...host.messages })[key] ?? "";

  const update = () => {
    if (job !== host.job) [job, isAsking, sending, refusal, accepted] = [host.job];
    const isNewer = accepted?.epoch === host.document?.epoch && accepted?.seq > host.document?.seq;
    const document = isNewer ? accepted : host.document;
    const requests = document && mayControl(hooks.token()) ? requestsOf(document) : [];
    isAsking &&= requests.includes("cancel");
    const text = textOf(isAsking ? "cancelQuestion" : refusal);
    const name = isAsking ? text : base.parentNode.querySelector(".track")?.ariaLabel;
    view.render(name, text, isAsking ? answersOf() : requests.map((request) => buttonOf(request, document.control)));
  };

  // Neither answer has the focus at first, so that a key that is held down does not give one.
  const ask = (isWanted) => {
    isAsking = isWanted;
    refuse();
    view.focus(isWanted || "cancel");
  };

  const answersOf = () => [
    { name: "confirm", text: textOf("confirm"), onclick: () => send("cancel") },
    { name: "keep", text: textOf("keep"), onclick: () => ask(false) },
  ];

  const buttonOf = (request, pending) => {
    const isPending = pending?.request === request;
    let isForced = false;
    if (isPending && request === "cancel") {
      const left = Date.parse(pending.at) + FORCE_MS - mounted.now();
      isForced = left <= 0;
      clearTimeout(forceTimer);
      if (!isForced) forceTimer = setTimeout(update, left);
    }
    return {
      name: nameOf(request),
      icon: request,
      text: textOf(isForced ? "cancelNow" : request),
      isDisabled: sending || (isPending && !isForced),
      onclick: () => (request === "cancel" && !isForced ? ask(true) : send(request, isForced)),
    };
  };

  const send = async (request, isForced) => {
    const of = job;
    const { src, document: shown } = host;
    isAsking = false;
    sending = true;
    refuse();
    view.focus(nameOf(request));
    const post = () => control(src.trim() || defaultSrc, shown.jobId, hooks.token(), request, isForced);
    let answer = await post();
    if (answer.status === 401 && (await hooks.renew()?.catch(() => {}))) answer = await post();
    // The element has been removed, or shows another job.
    if (of !== job) return;
    sending = false;
    const { status, document, problem } = answer;
    // The job may have ended, so that its connection is closed; and what is shown may be out of date.
    if (document || status === 409) mounted.refresh(true);
    accepted = document;
    refuse(document ? "" : (REFUSALS[status] ?? "notReached"));
    const detail = { request, outcome: document ? "accepted" : "refused", document, problem };
    hooks.emit("control", detail);
  };

  // Shows why a request was refused, for a while. Without a message key, nothing is shown any more.
  const refuse = (key) => {
    clearTimeout(refusalTimer);
    refusal = key;
    update();
    if (!key) return;
    mounted.notify(textOf(key));
    refusalTimer = setTimeout(refuse, REFUSAL_MS);
  };

  return {
    update,
    remove() {
      clearTimeout(refusalTimer);
      clearTimeout(forceTimer);
      job = undefined;
      view.remove();
    },
  };
};
