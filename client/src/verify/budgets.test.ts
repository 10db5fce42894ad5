// The auditor's look at privacy budgets: statements as they should be, and each way in which they may lie.
import { expect } from 'chai';
import { spentAfter, type BudgetTerms, type Spent, type Study, type Submission } from '@epione/protocol';
import { checkBudgets } from './budgets.js';
import type { RoundBook } from './replay/registry.js';
import { Report, type Check } from './report.js';

const privacy: BudgetTerms = { unit: 'patient', clippingNorm: '1', noiseMultiplier: '2', epsilon: '3', delta: '0.00001', sampling: 'poisson', samplingRate: '0.1', accountant: 'rdp' };
const study = (terms: Study['privacy']): Study => ({ name: 'test', privacy: terms, training: { localEpochs: 2 } }) as unknown as Study;
const after = (steps: number, change: Partial<Spent> = {}): Spent => ({ ...spentAfter(privacy, steps), ...change });

/** What HospitalA states in rounds 1, 2, …; a hole is a round without it. */
function judge(terms: Study['privacy'], stated: readonly (Spent | 'nothing' | undefined)[]): Check {
  const report = new Report('');
  const rounds = new Map(stated.map((spent, at): [number, RoundBook] => {
    const statement = { participant: 'HospitalA', ...(spent === 'nothing' || spent === undefined ? {} : { privacy: spent }) } as unknown as Submission;
    return [at + 1, { slots: new Map(), attestations: new Map(), submitted: spent === undefined ? [] : [{ digest: `sha256:${'0'.repeat(63)}${at + 1}`, statement, block: at }] }];
  }));
  checkBudgets([{ study: study(terms), rounds }], report);
  return report.checks().find(({ name }) => name === 'privacy.budget') as Check;
}

describe('check privacy.budget', () => {
  it('passes what grows as its steps do, and says what was spent', () => {
    expect(judge(privacy, [after(20), undefined, after(40), after(80)])).to.deep.equal({
      name: 'privacy.budget', result: 'pass', message: `test: HospitalA ${after(80).epsilon} of epsilon 3 at delta 0.00001`,
    });
    expect(judge({ unit: 'none' }, ['nothing']).message).to.equal('no study has a privacy unit');
  });

  it('names a statement that is missing, too low for its steps, falling over a gap, or beyond the budget', () => {
    const fails = (stated: readonly (Spent | 'nothing' | undefined)[], round: number, message: string): void => {
      const check = judge(privacy, stated);
      expect(check).to.include({ result: 'fail', object: `sha256:${'0'.repeat(63)}${round}` });
      expect(check.message).to.include(message);
    };
    fails([after(20), 'nothing'], 2, 'belongs to');
    fails([after(20, { epsilon: '0.5' })], 1, 'states epsilon 0.5 after 20 steps, which cost');
    fails([after(40), undefined, after(40)], 3, '40 were spent before');
    fails([after(20), after(2000)], 2, 'BUDGET_SPENT');
    expect(judge({ unit: 'none' }, [after(20)]).result).to.equal('fail');
  });
});
