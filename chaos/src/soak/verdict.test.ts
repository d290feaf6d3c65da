import { expect, test } from "vitest";
import { chart } from "./chart.js";
import { parseSoakOptions } from "./options.js";
import { growing, trendOf } from "./verdict.js";

const series = (values: number[], unit: "MB" | "rows" | "" | "ms" = "MB") => ({
  name: "it",
  unit,
  values,
});
const line = (from: number, step: number) =>
  Array.from({ length: 100 }, (_, at) => from + at * step);

test("what rises and then stays is flat", () => {
  const values = [...line(0, 4), ...Array<number>(100).fill(400)];
  expect(growing([series(values)])).toEqual([]);
});

test("what rises to the end is not, by whatever measure", () => {
  expect(growing([series(line(100, 1))])).toEqual([expect.stringMatching(/^it grew by 49\.0 MB/)]);
  expect(growing([series(line(1_000, 50), "rows")])).toHaveLength(1);
  expect(growing([series(line(10, 1), "")])).toHaveLength(1);
});

test("little growth, noise and shrinking are flat", () => {
  expect(growing([series(line(200, 0.1)), series(line(200, -1))])).toEqual([]);
  const noise = Array.from({ length: 100 }, (_, at) => 200 + (at % 7) * 10);
  expect(growing([series(noise)])).toEqual([]);
});

test("values that are missing count for nothing", () => {
  const { mean, growth } = trendOf(series([1, 2, Number.NaN, 5, Number.NaN, 5]));
  expect({ mean, growth }).toEqual({ mean: 5, growth: 0 });
  expect(trendOf(series([])).isFlat).toBe(true);
});

test("options: defaults, settings, and what is refused", () => {
  expect(parseSoakOptions([])).toMatchObject({ minutes: 60, rate: 20, gateways: 2, sockets: 1 });
  const { settings } = parseSoakOptions(["--setting", "SESSION_RETENTION=9m"]);
  expect(settings["SESSION_RETENTION"]).toBe("9m");
  expect(() => parseSoakOptions(["--setting", "retention"])).toThrow(/NAME=VALUE/);
  expect(() => parseSoakOptions(["--rate", "0"])).toThrow(/--rate/);
  expect(() => parseSoakOptions(["--minutes", "x"])).toThrow(/--minutes/);
});

test("a chart has a curve for each series, within its bounds, and leaves gaps out", () => {
  const picture = chart([10, 20, 30], [{ title: "t", series: [series([1, Number.NaN, 3])] }]);
  const [, points = ""] = /points="([^"]*)"/.exec(picture) ?? [];
  expect(points.split(" ")).toHaveLength(2);
  expect(picture).not.toContain("NaN");
  expect(chart([], [{ title: "t", series: [] }])).not.toContain("NaN");
});
