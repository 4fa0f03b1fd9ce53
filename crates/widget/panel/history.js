// What was measured since the panel came: of each series as many samples as a small chart can show.

const MOST = 120;

export class History {
  #series = new Map();

  // Notes a percentage. When there are too many, every other one is dropped, so that all the time remains in sight.
  note(key, at, percent) {
    const series = this.#series.get(key) ?? { samples: [], gap: 0 };
    this.#series.set(key, series);
    const { samples } = series;
    // Of a level that stays only its beginning and its end are needed.
    const isLevel = samples.at(-1)?.percent === percent && samples.at(-2)?.percent === percent;
    if (isLevel || (samples.length > 1 && at - samples.at(-2).at < series.gap)) samples.pop();
    samples.push({ at, percent });
    if (samples.length > MOST) {
      series.samples = samples.filter((_, index) => index % 2 === 0);
      series.gap = ((at - samples[0].at) / MOST) * 2;
    }
  }

  // The samples of a series, oldest first.
  of(key) {
    return this.#series.get(key)?.samples ?? [];
  }
}

// The line through samples, on a field 100 wide and 24 high.
export function line(samples) {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first) return "";
  const span = last.at - first.at;
  const point = ({ at, percent }, x = ((at - first.at) / span) * 100) => `${round(x)} ${round(23 - percent * 0.22)}`;
  return `M${span > 0 ? samples.map((sample) => point(sample)).join("L") : `${point(last, 0)}L${point(last, 100)}`}`;
}

const round = (value) => Math.round(value * 10) / 10;
