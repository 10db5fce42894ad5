/**
 * A line plot as SVG text: axes with units, linear or logarithmic, a legend, and colours that stand out on white paper as
 * on a dark screen. Lines also differ by their dashes, so that a print without colour can be read.
 */

/** An axis; on a logarithmic one only values above 0 are drawn. */
export interface Axis {
  /** With its unit, for example `Distance (km)`. */
  readonly label: string;
  readonly log?: boolean;
}

/** One line. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Marks alone, for values of others. */
  readonly marks?: boolean;
}

export interface Plot {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

const WIDTH = 900;
const HEIGHT = 480;
const [LEFT, RIGHT, TOP, BOTTOM] = [80, 200, 40, 60];
/** Okabe and Ito's colours that can be told apart without red or green, as light as both backgrounds allow. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#b58900', '#56a0d3', '#8a8a8a'];
const DASHES = ['', '8 4', '2 3', '10 3 2 3', '5 2', '1 2', '12 4'];
const STYLE = '.ink{fill:#1a1a1a}.rule{stroke:#1a1a1a}.grid{stroke:#8884;stroke-width:1}@media screen and (prefers-color-scheme:dark){.ink{fill:#eee}.rule{stroke:#eee}}';

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
const short = (value: number): string => String(Number(value.toFixed(2)));

/** Where values lie on an axis, 0 to 1, and the values that are written at it. */
interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** Steps of 1, 2 or 5 times a power of ten that divide a length into about six. */
const linearStep = (length: number): number => {
  const raw = length / 6;
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * ([1, 2, 5].find((factor) => factor * power >= raw) ?? 10);
};

const linear = (values: readonly number[]): Scale => {
  const [low, high] = [Math.min(0, ...values), Math.max(...values)];
  const step = linearStep(high - low || 1);
  const [first, last] = [Math.floor(low / step), Math.max(Math.ceil(high / step), Math.floor(low / step) + 1)];
  return { at: (value) => (value / step - first) / (last - first), ticks: Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step) };
};

const logarithmic = (values: readonly number[]): Scale => {
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...values))));
  const every = Math.ceil((last - first) / 10);
  const ticks = Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, index) => 10 ** (first + index * every));
  return { at: (value) => (Math.log10(value) - first) / (last - first), ticks };
};

const tickText = (value: number, log: boolean | undefined): string =>
  log ? `10<tspan dy="-5" font-size="9">${Math.round(Math.log10(value))}</tspan>` : String(Number(value.toPrecision(6)));

/**
 * Draws a plot.
 * @throws RangeError when there is nothing to draw
 */
export const drawPlot = ({ title, x, y, series }: Plot): string => {
  const drawn = series.map((one) => ({ ...one, points: one.points.filter(([px, py]) => (!x.log || px > 0) && (!y.log || py > 0)) }));
  const all = drawn.flatMap(({ points }) => points);
  if (all.length === 0) throw new RangeError('a plot without points');
  const across = (x.log ? logarithmic : linear)(all.map(([px]) => px));
  const up = (y.log ? logarithmic : linear)(all.map(([, py]) => py));
  const toX = (value: number): string => short(LEFT + across.at(value) * (WIDTH - LEFT - RIGHT));
  const toY = (value: number): string => short(HEIGHT - BOTTOM - up.at(value) * (HEIGHT - TOP - BOTTOM));
  const [right, bottom] = [WIDTH - RIGHT, HEIGHT - BOTTOM];

  const axes = [
    ...across.ticks.map((tick) => `<path class="grid" d="M${toX(tick)} ${TOP}V${bottom}"/><text class="ink" x="${toX(tick)}" y="${bottom + 18}" text-anchor="middle">${tickText(tick, x.log)}</text>`),
    ...up.ticks.map((tick) => `<path class="grid" d="M${LEFT} ${toY(tick)}H${right}"/><text class="ink" x="${LEFT - 8}" y="${toY(tick)}" dy="4" text-anchor="end">${tickText(tick, y.log)}</text>`),
    `<path class="rule" fill="none" d="M${LEFT} ${TOP}V${bottom}H${right}"/>`,
    `<text class="ink" x="${(LEFT + right) / 2}" y="${HEIGHT - 16}" text-anchor="middle">${escaped(x.label)}</text>`,
    `<text class="ink" transform="translate(18 ${(TOP + bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(y.label)}</text>`,
    `<text class="ink" x="${LEFT}" y="24" font-size="15">${escaped(title)}</text>`,
  ];
  const lines = drawn.map(({ points, marks }, index) => {
    const colour = COLOURS[index % COLOURS.length] ?? '';
    if (marks) return points.map(([px, py]) => `<circle cx="${toX(px)}" cy="${toY(py)}" r="4" fill="none" stroke="${colour}" stroke-width="2"/>`).join('');
    const path = points.map(([px, py], at) => `${at === 0 ? 'M' : 'L'}${toX(px)} ${toY(py)}`).join('');
    return path === '' ? '' : `<path fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${DASHES[index % DASHES.length] ?? ''}" d="${path}"/>`;
  });
  const legend = drawn.map(({ name, marks }, index) => {
    const [line, colour] = [TOP + 16 + 18 * index, COLOURS[index % COLOURS.length] ?? ''];
    const sample = marks ? `<circle cx="${right + 30}" cy="${line - 4}" r="4" fill="none" stroke="${colour}" stroke-width="2"/>`
      : `<path stroke="${colour}" stroke-width="2" stroke-dasharray="${DASHES[index % DASHES.length] ?? ''}" d="M${right + 14} ${line - 4}h32"/>`;
    return `${sample}<text class="ink" x="${right + 54}" y="${line}">${escaped(name)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title><style>${STYLE}</style>`, ...axes, ...lines, ...legend, '</svg>', '',
  ].join('\n');
};
