/** Bars as SVG: one a name, to the right for more than nothing and to the left for less. */

/** One bar. */
export interface Bar {
  readonly name: string;
  readonly value: number;
}

const size = { width: 640, left: 130, right: 110, top: 40, bar: 18, gap: 8, bottom: 16 };
const colours = { more: '#0072b2', less: '#d55e00' };

const escape = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/**
 * Draws the bars from top to bottom.
 * @param digits decimals of the values.
 * @returns an SVG document with title and description for screen readers.
 */
export function barPlot(title: string, bars: readonly Bar[], digits: number): string {
  const { width, left, right, top, bar, gap, bottom } = size;
  const height = top + bars.length * (bar + gap) + bottom;
  const [low, high] = [Math.min(0, ...bars.map(({ value }) => value)), Math.max(0, ...bars.map(({ value }) => value))];
  const scale = (width - left - right) / Math.max(high - low, 1e-12);
  const x = (value: number): number => left + (value - low) * scale;
  const drawn = bars.map(({ name, value }, at) => {
    const y = top + at * (bar + gap);
    const [from, to] = [Math.min(x(0), x(value)), Math.max(x(0), x(value))];
    const middle = (y + bar / 2 + 4).toFixed(1);
    return `<text x="${left - 8}" y="${middle}" text-anchor="end">${escape(name)}</text><rect x="${from.toFixed(1)}" y="${y}" width="${(to - from).toFixed(1)}" height="${bar}" fill="${value < 0 ? colours.less : colours.more}"/><text x="${(x(high) + 8).toFixed(1)}" y="${middle}">${value.toFixed(digits)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img" aria-labelledby="title description">`,
    `<title id="title">${escape(title)}</title>`,
    `<desc id="description">${escape(bars.map(({ name, value }) => `${name}: ${value.toFixed(digits)}`).join('; '))}</desc>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${left}" y="20" font-size="14">${escape(title)}</text>`,
    `<line x1="${x(0).toFixed(1)}" x2="${x(0).toFixed(1)}" y1="${top - 6}" y2="${height - bottom}" stroke="#888"/>`,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}
