// What noise costs, on the command line.
import { expect } from 'chai';
import { Command } from 'commander';
import { addPriceCommand, price } from './price-command.js';

const c15 = { samplingRate: 0.04, delta: 1e-5, accountant: 'rdp' as const };

describe('study price', () => {
  it('gives the third of noise, steps and epsilon', () => {
    expect(price({ ...c15, noise: 1.5, steps: 2250 }).epsilon).to.be.closeTo(7.329111, 1e-5);
    expect(price({ ...c15, noise: 1.5, epsilon: 7.3292 }).steps).to.equal(2250);
    expect(price({ ...c15, steps: 2250, epsilon: 8 }).noiseMultiplier).to.be.closeTo(1.416, 6e-4);
    expect(price({ ...c15, samplingRate: 0.1, fixed: true, noise: 2, steps: 100 }).epsilon).to.be.closeTo(14.05375, 1e-5);
  });

  it('refuses one or three of them, and values that cannot be priced', () => {
    expect(() => price({ ...c15, noise: 1.5 })).to.throw('give two');
    expect(() => price({ ...c15, noise: 1.5, steps: 1, epsilon: 1 })).to.throw('give two');
    expect(() => price({ ...c15, samplingRate: 2, noise: 1.5, steps: 1 })).to.throw('sampling rate');
    expect(() => price({ ...c15, fixed: true, accountant: 'pld', noise: 1.5, steps: 1 })).to.throw('use the RDP');
  });

  it('prints it', async () => {
    let told = '';
    const program = new Command().exitOverride();
    addPriceCommand(program, (_json, _value, text) => { told = text; });
    await program.parseAsync('price --sampling-rate 0.04 --noise 1.5 --steps 2250 --delta 0.00001'.split(' '), { from: 'user' });
    expect(told).to.equal('epsilon 7.329111 at delta 0.00001: noise multiplier 1.5, 2250 steps, rdp accountant');
  });
});
