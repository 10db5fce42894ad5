/** The plot is a well-formed document that says its numbers in words too. */
import { expect } from 'chai';
import { linePlot, stacked } from './line-plot.js';

describe('linePlot', () => {
  const svg = linePlot('AUC by round', 'AUC', [{ name: 'federated <1>', values: [0.9, 0.95, 0.97] }, { name: 'pooled', values: [0.98] }]);

  it('draws one curve a series and level lines dashed', () => {
    expect(svg.match(/<polyline/g)).to.have.length(2);
    expect(svg.match(/stroke-dasharray/g)).to.have.length(1);
    expect(svg.match(/<circle/g)).to.have.length(3);
  });

  it('keeps every number finite and every sign escaped', () => {
    expect(svg).not.to.match(/NaN|Infinity|undefined/);
    expect(svg).to.include('federated &#60;1&#62;').and.to.include('0.9500');
  });

  it('draws a single round and equal values', () => {
    expect(linePlot('one', 'x', [{ name: 'a', values: [0.5] }, { name: 'b', values: [0.5, 0.5] }])).not.to.match(/NaN|Infinity/);
  });

  it('stands below another one in one document, each with a title of its own', () => {
    const both = stacked([svg, linePlot('Epsilon by round', 'epsilon', [{ name: 'spent', values: [1, 2] }])]);
    expect(both.match(/<svg /g)).to.have.length(3);
    expect(both.match(/<\/svg>/g)).to.have.length(3);
    expect(both).to.include('viewBox="0 0 640 720"').and.to.include('<svg y="360" ');
    expect(new Set(both.match(/ id="[^"]+"/g))).to.have.length(4);
  });
});
