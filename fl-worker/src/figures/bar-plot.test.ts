// Bars: one a name, both signs, every number finite and said in words too.
import { expect } from 'chai';
import { barPlot } from './bar-plot.js';

describe('barPlot', () => {
  it('draws both signs and escapes names', () => {
    const svg = barPlot('what each added', [{ name: 'A <1>', value: 0.5 }, { name: 'B', value: -0.25 }], 3);
    expect(svg.match(/<rect /g)).to.have.length(3);
    expect(svg).to.include('A &#60;1&#62;: 0.500; B: -0.250').and.to.include('#d55e00');
  });

  it('draws nothing but zeros', () => {
    expect(barPlot('zeros', [{ name: 'A', value: 0 }], 2)).not.to.match(/NaN|Infinity/);
  });
});
