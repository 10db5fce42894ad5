/** Means with their intervals as SVG: a row a data set, one mark each for pooled, federated and local. */
import type { Comparison } from './comparison.js';

const series = [['pooled', '#0072b2'], ['federated', '#d55e00'], ['local', '#009e73']] as const;
const size = { width: 640, left: 110, right: 30, top: 50, row: 44 };

/** @returns an SVG document with title and description for screen readers. */
export function intervalPlot(compared: readonly Comparison[]): string {
  const { width, left, right, top, row } = size;
  const height = top + row * compared.length + 40;
  const low = Math.floor(Math.min(...compared.flatMap((of) => series.map(([name]) => of[name].mean - of[name].half))) * 10) / 10;
  const x = (value: number): string => (left + ((Math.min(value, 1) - low) / (1 - low)) * (width - left - right)).toFixed(1);
  const marks = Array.from({ length: Math.round((1 - low) * 10) + 1 }, (_, at) => low + at / 10);
  const grid = marks.map((mark) => `<line x1="${x(mark)}" x2="${x(mark)}" y1="${top}" y2="${height - 35}" stroke="#ddd"/><text x="${x(mark)}" y="${height - 18}" text-anchor="middle">${mark.toFixed(1)}</text>`);
  const legend = series.map(([name, colour], at) => `<circle cx="${left + at * 100}" cy="35" r="4" fill="${colour}"/><text x="${left + at * 100 + 9}" y="39">${name}</text>`);
  const lines = compared.flatMap((of, at) => [
    `<text x="${left - 10}" y="${top + at * row + 26}" text-anchor="end">${of.name}</text>`,
    ...series.map(([name, colour], k) => {
      const [y, { mean, half }] = [top + at * row + 12 + k * 10, of[name]];
      return `<line x1="${x(mean - half)}" x2="${x(mean + half)}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="2"/><circle cx="${x(mean)}" cy="${y}" r="4" fill="${colour}"/>`;
    }),
  ]);
  const told = compared.map((of) => `${of.name} (${of.metric}): ${series.map(([name]) => `${name} ${of[name].mean.toFixed(3)} ± ${of[name].half.toFixed(3)}`).join(', ')}`).join('; ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img" aria-labelledby="title description">`,
    '<title id="title">Pooled, federated and local models</title>', `<desc id="description">${told}</desc>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`, `<text x="${left}" y="20" font-size="14">Pooled, federated and local models, mean and 95 % interval over seeds</text>`,
    ...legend, ...grid, ...lines, '</svg>', '',
  ].join('\n');
}
