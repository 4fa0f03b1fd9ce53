// The measurements since the panel was opened: for each series, as many samples as a small chart can show.

const MOST = 120;

export class History {
  #series = new Map();

  // Adds a percentage. When there are too many samples, every other one is dropped, so that the chart still covers the whole
  // time.
  add(key, at, percent) {
    const series = this.#series.get(key) ?? { samples: [], gap: 0 };
    this.#series.set(key, series);
    const { samples } = series;
    // Of a constant level, only the first and the last sample are kept.
    const isLevel = samples.at(-1)?.percent === percent && samples.at(-2)?.percent === percent;
    if (isLevel || (samples.length > 1 && at - samples.at(-2).at < series.gap)) samples.pop();
    samples.push({ at, percent });
    if (samples.length > MOST) {
      series.samples = samples.filter((_, index) => index % 2 === 0);
      series.gap = ((at - samples[0].at) / MOST) * 2;
    }
  }

  // The samples of a series, oldest first.
  samples(key) {
    return this.#series.get(key)?.samples ?? [];
  }
}

// The SVG path through samples, in a view box 100 wide and 24 high.
export function line(samples) {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first) return "";
  const span = last.at - first.at;
  const point = ({ at, percent }, x = ((at - first.at) / span) * 100) => `${round(x)} ${round(23 - percent * 0.22)}`;
  return `M${span > 0 ? samples.map((sample) => point(sample)).join("L") : `${point(last, 0)}L${point(last, 100)}`}`;
}

const round = (value) => Math.round(value * 10) / 10;
