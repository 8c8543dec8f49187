// The round values that a slider stops at, and how numbers are written.

const MOST_STOPS = 400;
// Steps of the mantissa on [1, 2), [2, 5) and [5, 10), finest first: the values a logarithmic slider stops at.
const LADDERS = [[0.02, 0.05, 0.1], [0.05, 0.1, 0.2], [0.1, 0.2, 0.5], [0.2, 0.5, 1]];
const SMALLEST = 1e-6; // where a logarithmic slider starts if its range includes zero, as a fraction of its upper end

/** The values that a slider stops at, in rising order; one alone if its range is a point. */
export function stopsOf({ kind, scale, slider: [low, high] }) {
  let inner = [];
  if (scale === "log") inner = ladder(low > 0 ? low : high * SMALLEST, high);
  else if (scale === "near_one") inner = ladder(high < 1 ? 1 - high : (1 - low) * SMALLEST, 1 - low).map((rest) => tidy(1 - rest)).reverse();
  else inner = grid(low, high, kind === "whole" ? 1 : 0);
  if (kind === "whole") inner = inner.map(Math.round);
  const within = inner.filter((stop) => low < stop && stop < high);
  return [...new Set([low, ...within, high])];
}

function ladder(low, high) {
  if (!(low < high)) return [];
  const decades = Math.log10(high / low);
  const steps = LADDERS.find(([a, b, c]) => decades * (1 / a + 3 / b + 5 / c) <= MOST_STOPS) ?? LADDERS.at(-1);
  const mantissas = [[1, 2], [2, 5], [5, 10]].flatMap(([from, to], i) =>
    Array.from({ length: Math.round((to - from) / steps[i]) }, (_, k) => tidy(from + k * steps[i])),
  );
  const exponents = range(Math.floor(Math.log10(low)), Math.ceil(Math.log10(high)));
  return exponents.flatMap((exponent) => mantissas.map((mantissa) => Number(`${mantissa}e${exponent}`)));
}

function grid(low, high, least) {
  const rough = (high - low) / MOST_STOPS;
  if (!(rough > 0)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(least, tidy(power * [1, 2, 5, 10].find((factor) => tidy(factor * power) >= tidy(rough))));
  return range(Math.ceil(low / step), Math.floor(high / step)).map((k) => tidy(k * step));
}

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, k) => from + k);

/** Without the last digits' rounding noise: 0.30000000000000004 -> 0.3. */
const tidy = (value) => Number(value.toPrecision(12));

/** The place of the stop next to `value`. */
export function nearest(stops, value) {
  const above = stops.findIndex((stop) => stop >= value);
  if (above < 0) return stops.length - 1;
  return above > 0 && value - stops[above - 1] < stops[above] - value ? above - 1 : above;
}

/** Exact and short: 0.25, 3e-4, 1.5e6. */
export function plain(value) {
  const isPlain = value === 0 || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5);
  return isPlain ? String(value) : value.toExponential().replace("e+", "e");
}
