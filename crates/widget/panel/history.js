// What was measured since the panel came: of each series as many samples as a small chart can show.

const MOST = 120;

export class History {
  #series = new Map();

  // Notes a percentage. When there are too many, every other one is dropped, so that all the time remains in sight.
  note(key, at, percent) {
    const series = this.#series.get(key) ?? { samples: [], gap: 0 };
    this.#series.set(key, series);
    const { samples } = series;
    if (samples.length > 1 && at - samples.at(-2).at < series.gap) samples.pop();
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
  const point = ({ at, percent }) => `${round(((at - first.at) / span) * 100)} ${round(23 - percent * 0.22)}`;
  return span > 0 ? `M${samples.map(point).join("L")}` : `M0 ${round(23 - last.percent * 0.22)}H100`;
}

const round = (value) => Math.round(value * 10) / 10;
