// The division among hospitals: nothing lost, nothing doubled, uneven, and the same for the same seed.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { readCsv } from './csv.js';
import { divideTable, splitDirichlet } from './split.js';

const wdbc = readCsv(readFileSync(new URL('../../../data/wdbc/wdbc.csv', import.meta.url), 'utf8'));
const division = { label: 'diagnosis', sites: 3, alpha: 1, testFraction: 0.25, seed: 'a' };

describe('division of a table', () => {
  it('deals every row once, and none of the held-out rows', () => {
    const { sites, test } = divideTable(wdbc, division);
    const ids = [...sites, test].flatMap((part) => part.records.map((record) => record.cells[0]));
    expect(ids.toSorted()).to.deep.equal(wdbc.records.map((record) => record.cells[0]));
    expect(test.records).to.have.length(142); // round(0.25 * 212) + round(0.25 * 357)
    expect(new Set(sites.map((site) => site.records.length)).size).to.equal(3);
  });

  it('repeats with the seed and changes with it', () => {
    expect(divideTable(wdbc, division)).to.deep.equal(divideTable(wdbc, division));
    expect(divideTable(wdbc, { ...division, seed: 'b' })).not.to.deep.equal(divideTable(wdbc, division));
  });

  it('keeps the least number of each class at each site', () => {
    const rows = Array.from({ length: 60 }, (_, id) => ({ id, label: id % 3 === 0 ? '1' : '0' }));
    for (let seed = 0; seed < 20; seed++) {
      for (const site of splitDirichlet(rows, 0.5, 3, String(seed), (row) => row.label)) {
        expect(site.filter((row) => row.label === '1').length).to.be.at.least(5);
        expect(site.filter((row) => row.label === '0').length).to.be.at.least(5);
      }
    }
  });

  it('deals to many sites with a class missing here and there, but none empty', () => {
    const { sites } = divideTable(wdbc, { ...division, sites: 200, alpha: 0.3, least: 0 });
    expect(sites.every(({ records }) => records.length > 0)).to.equal(true);
    expect(sites.flatMap(({ records }) => records)).to.have.length(427);
    expect(() => divideTable(wdbc, { ...division, sites: 500, least: 0 })).to.throw('too few for 500 sites');
  });

  it('says so when no division exists', () => {
    expect(() => splitDirichlet(['a', 'b', 'a'], 1, 3, 's', (row) => row)).to.throw('cannot be dealt');
  });
});
