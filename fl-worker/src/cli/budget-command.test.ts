// What a study's privacy costs, told before anyone signs it.
import { expect } from 'chai';
import { Command } from 'commander';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { epsilonAfter, type BudgetTerms } from '@epione/protocol';
import { stringify } from 'yaml';
import { addBudgetCommand, planBudget } from './budget-command.js';
import { smallTemplate } from '../testing/consortium.js';

const privacy: BudgetTerms = { unit: 'patient', clippingNorm: '1', noiseMultiplier: '2', epsilon: '2', delta: '0.00001', sampling: 'poisson', samplingRate: '0.1', accountant: 'rdp' };
const rounds = { ...smallTemplate.rounds, count: 10 };

describe('study budget', () => {
  it('prices a study and finds the noise that all its rounds need', () => {
    const plan = planBudget({ ...smallTemplate, privacy, rounds });
    expect(plan).to.deep.include({ unit: 'patient', stepsPerRound: 20, rounds: 10, delta: '0.00001' });
    expect(plan.affordable).to.be.within(1, 9);
    expect(plan.epsilon.affordable).to.equal(epsilonAfter(privacy, plan.affordable * 20));
    expect(Number(plan.epsilon.all)).to.be.above(2);
    const enough = { ...privacy, noiseMultiplier: String(plan.noiseMultiplier) };
    expect(planBudget({ ...smallTemplate, privacy: enough, rounds }).affordable).to.equal(10);
    expect(planBudget({ ...smallTemplate, privacy: { ...enough, noiseMultiplier: (plan.noiseMultiplier - 0.001).toFixed(4) }, rounds }).affordable).to.equal(9);
  });

  it('tells it of a study file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'epione-budget-'));
    try {
      writeFileSync(join(folder, 'study.yaml'), stringify({ ...smallTemplate, privacy, rounds }));
      writeFileSync(join(folder, 'open.yaml'), stringify(smallTemplate));
      let told = '';
      const program = new Command().exitOverride();
      addBudgetCommand(program, (json, value, text) => { told = json === true ? JSON.stringify(value) : text; });
      await program.parseAsync(['budget', join(folder, 'study.yaml')], { from: 'user' });
      expect(told).to.match(/^hides one patient at delta 0\.00001; a round takes 20 steps\nepsilon \d\.\d+ after 1 round, .*\nthe budget allows \d of 10 rounds: training stops then\nleast noise multiplier for all rounds: \d\.\d+$/);
      const refused = await program.parseAsync(['budget', join(folder, 'open.yaml')], { from: 'user' }).then(() => '', (error: unknown) => (error as { code: string }).code);
      expect(refused).to.equal('STUDY_INVALID');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
