/** A line plot as SVG: one curve a series over the rounds, level lines for what it is compared with. */

/** One curve; a level line when it has a single value. */
export interface Series {
  readonly name: string;
  readonly values: readonly number[];
}

const size = { width: 640, height: 360, left: 60, right: 150, top: 40, bottom: 45 };
/** Colours that remain distinct for the colour-blind (Okabe and Ito 2008). */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];

const escape = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** Five round numbers that cover the values. */
function ticks(low: number, high: number): number[] {
  const raw = Math.max(high - low, 1e-6) / 4;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((factor) => factor * unit >= raw) ?? 10) * unit;
  const first = Math.floor(low / step);
  return Array.from({ length: Math.max(2, Math.ceil(high / step) - first + 1) }, (_, at) => (first + at) * step);
}

/** Labels of neighbouring ends are moved apart, so that none covers another. */
function spread(heights: readonly number[]): number[] {
  const order = heights.map((height, at) => ({ height, at })).sort((a, b) => a.height - b.height);
  const placed = [...heights];
  let last = -Infinity;
  for (const { height, at } of order) {
    last = Math.max(height, last + 14);
    placed[at] = last;
  }
  return placed;
}

/**
 * Draws the series over rounds 1 to n.
 * @param unit of the values, one word.
 * @returns an SVG document with title and description for screen readers.
 */
export function linePlot(title: string, unit: string, series: readonly Series[]): string {
  const { width, height, left, right, top, bottom } = size;
  const all = series.flatMap((entry) => entry.values);
  const marks = ticks(Math.min(...all), Math.max(...all));
  const [low = 0, high = 1] = [marks[0], marks.at(-1)];
  const rounds = Math.max(...series.map((entry) => entry.values.length), 2);
  const x = (round: number): number => left + ((round - 1) / (rounds - 1)) * (width - left - right);
  const y = (value: number): number => height - bottom - ((value - low) / (high - low)) * (height - top - bottom);
  const digits = Math.max(0, -Math.floor(Math.log10((marks[1] ?? 1) - low)));
  const grid = marks.map((mark) => `<line x1="${left}" x2="${width - right}" y1="${y(mark).toFixed(1)}" y2="${y(mark).toFixed(1)}" stroke="#ddd"/><text x="${left - 8}" y="${(y(mark) + 4).toFixed(1)}" text-anchor="end">${mark.toFixed(digits)}</text>`);
  const every = Math.ceil(rounds / 20);
  const steps = Array.from({ length: rounds }, (_, at) => at % every > 0 ? '' : `<text x="${x(at + 1).toFixed(1)}" y="${height - bottom + 18}" text-anchor="middle">${at + 1}</text>`);
  const ends = spread(series.map((entry) => y(entry.values.at(-1) ?? low)));
  const curves = series.map(({ name, values }, at) => {
    const colour = colours[at % colours.length] ?? '#000';
    const level = values.length === 1;
    const points = level ? [1, rounds].map((round): [number, number] => [round, values[0] ?? 0]) : values.map((value, index): [number, number] => [index + 1, value]);
    const path = points.map(([round, value]) => `${x(round).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
    const dots = level || rounds > 60 ? '' : points.map(([round, value]) => `<circle cx="${x(round).toFixed(1)}" cy="${y(value).toFixed(1)}" r="3" fill="${colour}"/>`).join('');
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"${level ? ' stroke-dasharray="5 4"' : ''}/>${dots}<text x="${width - right + 8}" y="${((ends[at] ?? 0) + 4).toFixed(1)}" fill="${colour}">${escape(name)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img" aria-labelledby="title-${unit} description-${unit}">`,
    `<title id="title-${unit}">${escape(title)}</title>`,
    `<desc id="description-${unit}">${escape(series.map(({ name, values }) => `${name}: ${values.map((value) => value.toFixed(4)).join(', ')}`).join('; '))}</desc>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${left}" y="20" font-size="14">${escape(title)}</text>`,
    ...grid, ...steps,
    `<text x="${(left + width - right) / 2}" y="${height - 8}" text-anchor="middle">round</text><text x="12" y="${top - 8}">${escape(unit)}</text>`,
    ...curves,
    '</svg>',
    '',
  ].join('\n');
}

/** Plots one below the other, as one document. */
export function stacked(plots: readonly string[]): string {
  const { width, height } = size;
  const total = height * plots.length;
  const placed = plots.map((plot, at) => plot.replace('<svg ', `<svg y="${at * height}" `));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${total}" viewBox="0 0 ${width} ${total}">\n${placed.join('')}</svg>\n`;
}
