import type { Series } from "./samples.js";

/** What may be added over the second half and still count as flat: a part of the mean, or so much where that is more. */
const ALLOWED = { part: 0.1, MB: 12, rows: 500, "": 10, ms: Number.POSITIVE_INFINITY } as const;

/** How a series goes on over the second half of a run. */
export interface Trend {
  name: string;
  unit: Series["unit"];
  mean: number;
  /** What the straight line through its values adds from the first of them to the last. */
  growth: number;
  isFlat: boolean;
}

/** The trend of the second half of a series. */
export function trendOf({ name, unit, values }: Series): Trend {
  const half = values.slice(Math.floor(values.length / 2)).filter((value) => !Number.isNaN(value));
  const mean = half.reduce((sum, value) => sum + value, 0) / Math.max(1, half.length);
  const growth = slope(half) * Math.max(0, half.length - 1);
  const isFlat = growth <= Math.max(mean * ALLOWED.part, ALLOWED[unit]);
  return { name, unit, mean, growth, isFlat };
}

/** Whether everything is flat; else what grew. */
export function growing(all: readonly Series[]): string[] {
  return all.map(trendOf).flatMap(({ name, unit, mean, growth, isFlat }) => {
    if (isFlat) return [];
    const measure = unit === "" ? "" : ` ${unit}`;
    return [
      `${name} grew by ${growth.toFixed(1)}${measure} over the second half, of ${mean.toFixed(1)} on average`,
    ];
  });
}

/** Of the straight line with the least squares through the values, for each step. */
function slope(values: readonly number[]): number {
  const { length } = values;
  if (length < 2) return 0;
  const middle = (length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / length;
  let product = 0;
  let square = 0;
  for (const [at, value] of values.entries()) {
    product += (at - middle) * (value - mean);
    square += (at - middle) ** 2;
  }
  return product / square;
}
