// The resources in use, in each of the shapes that producers send: flat, peak, or by device.

import { line } from "./history.js";
import { inline } from "./locale.js";
import { isEmpty, isObject, more, record, row, value } from "./record.js";
import { section } from "./section.js";
import { h } from "./tree.js";

const SIZE = /^\s*([\d.]+)\s*([kmgtp]?)i?b?\s*$/i;
// A longer text is not a size. The expression would try each of its spaces in two places.
const SIZE_LENGTH = 40;
// The most devices that are drawn.
const MOST = 32;

// `87`, `"87%"` and `87.4` are percentages.
function percentage(of) {
  const number = typeof of === "string" ? Number.parseFloat(of) : of;
  return Number.isFinite(number) ? Math.min(Math.max(number, 0), 100) : undefined;
}

// `"12.5GB"` as a number of bytes.
function bytes(of) {
  const text = String(of ?? "");
  const [, number, power] = (text.length <= SIZE_LENGTH && SIZE.exec(text)) || [];
  return number === undefined ? undefined : Number(number) * 1000 ** " kmgtp".indexOf((power || " ").toLowerCase());
}

const joined = (...texts) =>
  texts
    .filter((text) => text || text === 0)
    .map((text) => inline(text))
    .join(" · ");

const devices = ({ gpus }) => (Array.isArray(gpus) ? gpus.filter(isObject) : []);

// The levels to draw from `resources`: `{key, name, detail, percent, text}` each.
export function readings(locale, resources) {
  const found = [];
  const level = (key, name, of, detail) => {
    const percent = percentage(of);
    if (percent !== undefined) found.push({ key, name, detail, percent, text: locale.percent(percent) });
  };
  const share = (key, name, used, total) => {
    const percent = percentage((bytes(used) / bytes(total)) * 100);
    const amount = (of) => (typeof of === "string" ? inline(of) : locale.size(Number(of)));
    if (percent !== undefined) found.push({ key, name, percent, text: locale.get("of", amount(used), amount(total)) });
  };
  level("gpu", locale.get("gpu"), resources.gpuUtilization, resources.gpuType);
  const gpus = devices(resources).slice(0, MOST);
  gpus.forEach((gpu, index) => {
    const name = joined(locale.get("gpu"), gpus.length > 1 && (gpu.id ?? index));
    const temperature = Number.isFinite(gpu.temperature)
      ? `${locale.number(gpu.temperature)}\u00a0°C`
      : gpu.temperature;
    level(`gpu ${index}`, name, gpu.utilization, joined(gpu.type, temperature, gpu.powerUsage));
    share(
      `gpu ${index} memory`,
      joined(locale.get("memory"), gpus.length > 1 && name),
      gpu.memoryUsed,
      gpu.memoryTotal,
    );
  });
  level("cpu", locale.get("cpu"), resources.cpuUsage);
  if (isObject(resources.cpu)) {
    const { utilization, cores, memory } = resources.cpu;
    level("cpu", locale.get("cpu"), utilization, joined(Number.isFinite(cores) && locale.get("cores", cores), memory));
  }
  share("memory", locale.get("memory"), resources.memoryUsage, resources.memoryTotal);
  return found;
}

// The rows of the members that are not drawn.
function rest(locale, resources, drawn) {
  const has = (key) => drawn.some((reading) => reading.key === key);
  const skip = [
    ...(has("gpu") ? ["gpuUtilization", "gpuType"] : []),
    ...(has("cpu") ? ["cpuUsage", "cpu"] : []),
    ...(has("memory") ? ["memoryUsage", "memoryTotal"] : []),
    ...(has("gpu 0") ? ["gpus"] : []),
    "peakGpuUtilization",
    "totalComputeTime",
  ];
  const { peakGpuUtilization: peak, totalComputeTime: compute } = resources;
  return [
    percentage(peak) !== undefined &&
      h(
        "dl",
        { class: "record", key: "peak" },
        row(locale.get("peakGpuUtilization"), locale.percent(percentage(peak))),
      ),
    record(locale, resources, 0, skip),
    compute != null &&
      h(
        "dl",
        { class: "record", key: "compute" },
        row(locale.get("totalComputeTime"), Number.isFinite(compute) ? locale.span(compute) : value(locale, compute)),
      ),
  ];
}

function meter({ key, name, detail, percent, text }, samples) {
  const path = line(samples);
  return h(
    "div",
    { class: "meter", key, part: "meter" },
    h(
      "span",
      { class: "name", dir: "auto" },
      name,
      detail && " ",
      detail && h("span", { class: "quiet", dir: "auto" }, detail),
    ),
    h("span", { class: "number", dir: "auto" }, text),
    h(
      "svg",
      {
        class: "chart",
        part: "chart",
        viewBox: "0 0 100 24",
        preserveAspectRatio: "none",
        "aria-hidden": "true",
        "data-high": percent >= 95,
      },
      h("path", { class: "area", d: `${path}V24H0Z` }),
      h("path", { class: "line", d: path }),
    ),
  );
}

export function resources({ document, locale, history }) {
  const of = document.resources;
  if (!isObject(of) || isEmpty(of)) return undefined;
  const drawn = readings(locale, of);
  const meters = drawn.map((reading) => meter(reading, history.samples(reading.key)));
  return section(
    locale,
    "resources",
    h("div", { class: "meters" }, meters),
    more(locale, devices(of).length, MOST, "div"),
    rest(locale, of, drawn),
  );
}
