// Compressed updates of real sites: whoever is killed, the residual goes on as if nobody had been, and the auditor's words are the aggregators'.
import { expect } from 'chai';
import { compressedBytes } from '@epione/protocol';
import { takePart } from './run.js';
import { organizations, smallTemplate, TestConsortium } from './testing/consortium.js';
import { lifeOf } from './testing/life.js';
import { TestLedger } from './testing/round-ledger.js';
import type { StudyTemplate } from './study-template.js';
import type { Ending } from './worker.js';

const template: StudyTemplate = { ...smallTemplate, encoding: { ...smallTemplate.encoding, compression: { kind: 'top-k', share: '0.5', errorFeedback: true } } };
const options = { signal: new AbortController().signal, stopOnAbort: false };

describe('compressed updates', function () {
  this.timeout(180_000); // processes that load TensorFlow.js, also on a busy machine

  it('killed around its submissions, a site carries its residual on: the same bytes leave it and the same model comes out', async () => {
    const modelOf = async (deaths: readonly { event: string; round: number }[]): Promise<string | undefined> => {
      await using house = await TestConsortium.found(template);
      const ledger = new TestLedger(house.study, [...house.records.values()], Date.now);
      const run = async (mspIds: readonly string[]): Promise<Ending[]> => Promise.all(mspIds.map(async (mspId) => takePart(await house.site(mspId, ledger), house.digest, options)));
      expect(compressedBytes(house.study)).to.equal(4 + 1 + 8 * 2); // two of three coordinates
      if (deaths.length === 0) return (await run(organizations))[0]!.model;
      const others = run(organizations.slice(1));
      const left: string[] = [];
      for (const death of deaths) expect(await lifeOf('HospitalA', house, ledger, death, left), JSON.stringify(death)).to.equal('killed');
      const ending = await lifeOf('HospitalA', house, ledger, undefined, left);
      for (const other of await others) expect(other).to.deep.equal(ending);
      expect(new Set(left), 'distinct statements that left the site').to.have.length(2);
      return ending === 'killed' ? undefined : ending.model;
    };
    const undisturbed = await modelOf([]);
    expect(undisturbed).to.be.a('string');
    expect(await modelOf([{ event: 'sealed', round: 1 }, { event: 'trained', round: 2 }])).to.equal(undisturbed);
  });
});
