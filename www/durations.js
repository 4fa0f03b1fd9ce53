// Durations as people say them.

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

/** A number of seconds with its two largest units, `3 min 20 s`; less than ten seconds with a tenth, `4.2 s`. */
export const durationText = (seconds) => {
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  const at = UNITS.findIndex(([, length]) => whole >= length);
  const [[unit, length], next] = [UNITS[at], UNITS[at + 1]];
  const rest = next && Math.floor((whole % length) / next[1]);
  return `${Math.floor(whole / length)} ${unit}${rest ? ` ${rest} ${next[0]}` : ""}`;
};
