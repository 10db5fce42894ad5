// A site's charges: once for each update that may leave, never given back, never lost with a disk.
import { mkdtempSync, rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CodedError, epsilonAfter, spentAfter, type BudgetTerms, type Digest, type Slot } from '@epione/protocol';
import { openState } from '../state/database.js';
import { Budget, stepsOnLedger } from './budget.js';

const privacy: BudgetTerms = { unit: 'patient', clippingNorm: '1', noiseMultiplier: '2', epsilon: '3', delta: '0.00001', sampling: 'poisson', samplingRate: '0.1', accountant: 'rdp' };
const study = { privacy: { ...privacy, epsilon: epsilonAfter(privacy, 60) }, training: { optimizer: 'sgd' as const, learningRate: '0.1', localEpochs: 2, batchSize: 8 } };

describe('a site’s budget', () => {
  let folder: string;
  let database: DatabaseSync;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'epione-budget-'));
    database = openState(folder, `sha256:${'1'.repeat(64)}` as Digest);
  });
  afterEach(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });
  const seal = (round: number, norm: number): void => { database.prepare('UPDATE privacy_charge SET sealed = 1, norm = ? WHERE round = ? AND sealed = 0').run(norm, round); };

  it('charges a round once until its update is sealed, and again when that update was given up', () => {
    const budget = new Budget(database);
    expect([budget.steps, budget.report, budget.norm]).to.deep.equal([undefined, undefined, undefined]);
    expect(budget.charge(study, 1).steps).to.equal(20);
    expect(new Budget(database).charge(study, 1).steps).to.equal(20);
    seal(1, 0.9);
    expect(budget.charge(study, 1).steps).to.equal(40);
    seal(1, 0.8);
    expect(budget.charge(study, 3)).to.deep.equal(spentAfter(privacy, 60));
    expect(budget.norm).to.equal(0.8);
    expect(budget.report).to.deep.equal({ ...spentAfter(privacy, 60), budget: study.privacy.epsilon });
  });

  it('refuses the round that would exceed it, and charges nothing for that', () => {
    const budget = new Budget(database);
    budget.carryOver(study.privacy, 60);
    budget.carryOver(study.privacy, 40); // never less than is known
    for (const round of [4, 5]) expect(() => budget.charge(study, round)).to.throw(CodedError).with.property('code', 'BUDGET_SPENT');
    expect(budget.steps).to.equal(60);
  });

  it('learns from the ledger what a lost disk knew', () => {
    const submission = (steps: number): Slot => ({ kind: 'submission', statement: { privacy: spentAfter(privacy, steps) } }) as unknown as Slot;
    const retraction = { kind: 'retraction' } as unknown as Slot;
    expect(stepsOnLedger(study, [])).to.equal(0);
    expect(stepsOnLedger(study, [submission(20), retraction, submission(60), retraction])).to.equal(80);
  });
});
