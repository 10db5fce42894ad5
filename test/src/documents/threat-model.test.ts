// docs/threat-model.md: every step of the data's way and every kind of threat has a row, and every row a test that exists.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { repository } from '../study/command.js';
import { faultsOf, rowsBelow, testsIn } from './page.js';

const page = 'docs/threat-model.md';
const stride = ['S', 'T', 'R', 'I', 'D', 'E'];
const linddun = ['Linking', 'Identifying', 'Non-repudiation', 'Detecting', 'Data disclosure', 'Unawareness', 'Non-compliance'];

describe('threat model', () => {
  const steps = rowsBelow(page, '## The way of the data').map(([step]) => step);
  const tables = { '## STRIDE': stride, '## LINDDUN': linddun };

  for (const [heading, kinds] of Object.entries(tables)) {
    it(`has rows of five cells below ${heading}, each of a step and a kind`, () => {
      const rows = rowsBelow(page, heading);
      expect(rows.filter((cells) => cells.length !== 5 || cells.includes('') || !steps.includes(cells[0] ?? '') || !kinds.includes(cells[1] ?? ''))).to.deep.equal([]);
      expect([...new Set(rows.map(([, kind]) => kind))]).to.have.members(kinds);
    });

    it(`names tests that exist below ${heading}`, () => {
      expect(rowsBelow(page, heading).flatMap((cells) => faultsOf(cells[4] ?? ''))).to.deep.equal([]);
    });
  }

  it('has security threats of every step', () => {
    expect([...new Set(rowsBelow(page, '## STRIDE').map(([step]) => step))]).to.deep.equal(steps);
  });

  it('would find a test that does not exist', () => {
    expect(testsIn('`a.test.ts` "one"; `b.test.ts` "two"')).to.deep.equal([{ file: 'a.test.ts', title: 'one' }, { file: 'b.test.ts', title: 'two' }]);
    expect(faultsOf('by inspection')).to.deep.equal(['"by inspection" names no test']);
    expect(faultsOf('`no/such.test.ts` "one"')).to.deep.equal(['no/such.test.ts does not exist']);
    expect(faultsOf('`test/src/transport-gate.test.ts` "one"')).to.deep.equal(['test/src/transport-gate.test.ts has no test "one"']);
  });

  it('is what SECURITY.md leads to', () => {
    expect(readFileSync(join(repository, 'SECURITY.md'), 'utf8')).to.contain('docs/threat-model.md').and.to.contain('docs/crypto-inventory.md');
  });
});
