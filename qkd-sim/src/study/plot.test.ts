/** A plot as SVG: what is in it, where it lies, and what a reader sees of it. */
import { expect } from 'chai';
import { type Plot, drawPlot } from './plot.js';

const plot: Plot = {
  title: 'Rate < bound & more', x: { label: 'Distance (km)' }, y: { label: 'Rate (bit/s)', log: true },
  series: [{ name: 'one', points: [[0, 1], [50, 0.1], [100, 0.01], [150, 0]] }, { name: 'other', points: [[0, 0.5]], marks: true }],
};
const all = (svg: string, pattern: RegExp): string[] => [...svg.matchAll(pattern)].map((match) => match[1] ?? '');

describe('plot', () => {
  const svg = drawPlot(plot);

  it('names its title, axes and lines, with text that cannot break out', () => {
    for (const text of ['<title>Rate &lt; bound &amp; more</title>', '>Distance (km)<', '>Rate (bit/s)<', '>one<', '>other<']) expect(svg).contain(text);
    expect(svg).match(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 900 480" role="img"/);
    // Every element that opens is closed.
    const open = all(svg, /<([a-z]+)(?:\s[^>]*[^/])?>/g);
    expect(all(svg, /<\/([a-z]+)>/g).toSorted()).deep.equal(open.toSorted());
  });

  it('draws decades at equal distances and leaves out what has no logarithm', () => {
    const line = all(svg, /stroke-dasharray="[^"]*" d="(M[^"]*L[^"]*)"/g);
    expect(line).deep.equal(['M80 40L390 230L700 420']);
    expect(all(svg, /<circle cx="80" cy="([\d.]+)"/g)).deep.equal(['97.2']);
    expect(all(svg, /<tspan[^>]*>(-?\d+)<\/tspan>/g)).deep.equal(['-2', '-1', '0']);
  });

  it('writes round numbers at linear axes, from zero on', () => {
    const ticks = (points: [number, number][]): string[] =>
      all(drawPlot({ ...plot, x: { label: '' }, y: { label: '' }, series: [{ name: '', points }] }), /text-anchor="middle">([^<]+)</g).filter((text) => text !== '');
    expect(ticks([[10, 1], [150, 2]])).deep.equal(['0', '50', '100', '150']);
    expect(ticks([[0.01, 1], [0.1, 2]])).deep.equal(['0', '0.02', '0.04', '0.06', '0.08', '0.1']);
    expect(ticks([[-3, 1], [3, 2]])).deep.equal(['-3', '-2', '-1', '0', '1', '2', '3']);
    expect(ticks([[0, 1]])).deep.equal(['0', '0.2']);
  });

  it('can be read on white paper and on a dark screen, and without colour', () => {
    expect(svg).contain('@media screen and (prefers-color-scheme:dark){.ink{fill:#eee}');
    const lines = drawPlot({ ...plot, series: ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => ({ name, points: [[1, 1], [2, 2]] as const })) });
    const styles = all(lines, /stroke-dasharray="([^"]*)" d="M[\d.]+ [\d.]+L/g);
    expect(new Set(styles).size).equal(7);
    // Contrast of at least 2.5 against white and against #1e1e1e (WCAG 2.2).
    const luminance = (colour: string): number => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
      .map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4)).reduce((sum, share, index) => sum + share * [0.2126, 0.7152, 0.0722][index]!, 0);
    const contrast = (one: number, other: number): number => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    for (const colour of new Set(all(lines, /stroke="(#[0-9a-f]{6})"/g))) for (const ground of ['#ffffff', '#1e1e1e']) expect(contrast(luminance(colour), luminance(ground)), colour).least(2.5);
  });

  it('refuses to draw nothing', () => {
    expect(() => drawPlot({ ...plot, series: [{ name: '', points: [[1, 0]] }] })).throw(RangeError, 'without points');
  });
});
