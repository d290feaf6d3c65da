import type { Series } from "./samples.js";

/** Curves that share a scale. */
export interface Panel {
  title: string;
  series: Series[];
}

const WIDTH = 860;
const HEIGHT = 190;
const PLOT = { left: 60, right: 620, top: 30, bottom: 150 } as const;
/** Colours that people with any kind of colour vision can tell apart (Okabe and Ito). */
const COLOURS = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#e69f00",
  "#56b4e9",
  "#8c6d31",
  "#444444",
] as const;

/** Panels of curves over time, one below the other, as a picture. */
export function chart(times: readonly number[], panels: readonly Panel[]): string {
  const height = panels.length * HEIGHT;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...panels.map((panel, index) => drawPanel(times, panel, index * HEIGHT)),
    "</svg>",
    "",
  ].join("\n");
}

function drawPanel(times: readonly number[], { title, series }: Panel, top: number): string {
  const end = times.at(-1) ?? 1;
  const most = highest(series);
  const x = (time: number) => PLOT.left + (time / end) * (PLOT.right - PLOT.left);
  const y = (value: number) => PLOT.bottom - (value / most) * (PLOT.bottom - PLOT.top);
  const axes = [0, most / 2, most].map(
    (value) =>
      `<line x1="${PLOT.left}" x2="${PLOT.right}" y1="${y(value)}" y2="${y(value)}" stroke="#dddddd"/>` +
      `<text x="${PLOT.left - 6}" y="${y(value) + 4}" text-anchor="end">${label(value)}</text>`,
  );
  const curves = series.map((each, index) => {
    const points = each.values.flatMap((value, at) => {
      const time = times[at];
      if (time === undefined || Number.isNaN(value)) return [];
      return [`${x(time).toFixed(1)},${y(value).toFixed(1)}`];
    });
    const colour = COLOURS[index % COLOURS.length];
    return (
      `<polyline fill="none" stroke="${colour}" stroke-width="1.3" points="${points.join(" ")}"/>` +
      `<text x="${PLOT.right + 10}" y="${PLOT.top + 8 + index * 15}" fill="${colour}">${each.name}</text>`
    );
  });
  return [
    `<g transform="translate(0 ${top})">`,
    `<text x="${PLOT.left}" y="18" font-weight="bold">${title}</text>`,
    ...axes,
    `<text x="${PLOT.left}" y="${PLOT.bottom + 16}">0</text>`,
    `<text x="${PLOT.right}" y="${PLOT.bottom + 16}" text-anchor="end">${label(end / 60)} min</text>`,
    ...curves,
    "</g>",
  ].join("\n");
}

/** The end of the scale: above all values, with few digits. */
function highest(series: readonly Series[]): number {
  const values = series.flatMap((each) => each.values).filter((value) => !Number.isNaN(value));
  const most = values.reduce((max, value) => Math.max(max, value), 0);
  if (most === 0) return 1;
  const unit = 10 ** Math.floor(Math.log10(most));
  return Math.ceil(most / unit) * unit;
}

function label(value: number): string {
  return String(Number(value.toPrecision(3)));
}
