// The tables of docs/accuracy.md in small: federated within pooled's interval, data as their READMEs say, studies that would register.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { expect } from 'chai';
import { initialOf, simulatedStudy } from '@epione/fl-worker';
import { repository } from '../study/command.js';
import { compare } from './comparison.js';
import { divide, folderOf, plainTemplateOf, readTable, templateOf, together } from './data.js';
import { unsignedBytes } from './images.js';
import { holds, interval, tell } from './interval.js';
import { intervalPlot } from './interval-plot.js';
import { comparisonTables } from './report.js';
import { setNamed, sets } from './sets.js';

describe('accuracy', function () {
  this.timeout(180_000);

  it('a federated model is within the interval of pooled training, on hospitals as they are in the data', async () => {
    const found = await compare(setNamed('lung'), ['1', '2']);
    expect(found.sites).to.equal(18);
    expect(found.rows).to.equal(227);
    expect(holds(found.pooled, found.federated.mean), `${tell(found.federated)} in ${tell(found.pooled)}`).to.equal(true);
    expect(found.federated.mean).to.be.within(0.55, 0.75);
    expect(comparisonTables([found])).to.include('| lung | 227 | 18 | concordance | ');
    expect(intervalPlot([found])).to.match(/^<svg .*lung.*<\/svg>\n$/s);
  });

  it('the same seed gives the same division, every row once', () => {
    for (const set of sets) {
      const template = plainTemplateOf(folderOf(set));
      const first = divide(set, template, 'a');
      const told = (sites: typeof first): unknown => sites.map(({ name, train, test }) => [name, train.ids, test.ids]);
      if (set.name === 'lung' || set.name === 'wdbc') expect(told(divide(set, template, 'a'))).to.deep.equal(told(first));
      const ids = [...together(first, 'train').ids, ...together(first, 'test').ids];
      expect(new Set(ids).size).to.equal(ids.length);
      const unassigned = set.name === 'lung' ? 1 : 0;
      expect(ids.length).to.equal(readTable(set).records.length - unassigned);
    }
  });

  it('tables have the rows and digests that their READMEs name', () => {
    for (const set of sets) {
      const [name, { file }] = [folderOf(set), set];
      const readme = readFileSync(join(repository, 'data', name, 'README.md'), 'utf8');
      const rows = readTable(set).records.length;
      expect(readme.replaceAll(',', ''), name).to.include(`${rows} `);
      const digest = createHash('sha256').update(readFileSync(join(repository, 'data', name, file))).digest('hex');
      if (['lung', 'gbsg2', 'actg175'].includes(name)) expect(readme).to.include(`SHA-256 of \`${file}\`: \`${digest}\``);
    }
  });

  it('every study file beside data makes a study that starts as it says', () => {
    const names = readdirSync(join(repository, 'data')).filter((name) => existsSync(join(repository, 'data', name, 'study.yaml')));
    expect(names).to.include.members([...sets.map(folderOf), 'mnist', 'pneumonia']);
    for (const name of names) {
      const study = simulatedStudy(templateOf(name), ['A', 'B', 'C']);
      expect(initialOf(study, study.model.initial === 'zeros' ? undefined : 'epione'), name).to.have.length(study.model.dimension);
    }
  });

  it('an interval is Student’s', () => {
    expect(interval([1, 2, 3, 4, 5])).to.deep.equal({ mean: 3, half: 2.776 * Math.sqrt(2.5 / 5) });
    expect(holds({ mean: 3, half: 1 }, 4)).to.equal(true);
    expect(holds({ mean: 3, half: 1 }, 4.01)).to.equal(false);
    expect(tell({ mean: 0.9731, half: 0.0123 })).to.equal('.973 ± .012');
    expect(() => interval([1])).to.throw(RangeError);
  });

  it('reads an array of bytes from a NumPy archive, stored or deflated', () => {
    const npy = (values: number[]): Buffer => {
      const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${values.length},), }\n`;
      const length = Buffer.alloc(2);
      length.writeUInt16LE(header.length);
      return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, Buffer.from(header), Buffer.from(values)]);
    };
    const archive = zip([['a.npy', npy([1, 2, 3]), false], ['b.npy', npy([4, 5, 255]), true]]);
    expect([...unsignedBytes(archive, 'a')]).to.deep.equal([1, 2, 3]);
    expect([...unsignedBytes(archive, 'b')]).to.deep.equal([4, 5, 255]);
    expect(() => unsignedBytes(archive, 'c')).to.throw('no c.npy');
    expect(() => unsignedBytes(Buffer.from('x'), 'a')).to.throw('no ZIP');
    expect(() => unsignedBytes(zip([['a.npy', Buffer.from(npy([1]).toString('latin1').replace('|u1', '<f4'), 'latin1'), false]]), 'a')).to.throw('no array of bytes');
  });
});

/** A ZIP file of these entries, deflated where the third says so; sums are left out, because nobody here checks them. */
function zip(entries: readonly (readonly [name: string, bytes: Buffer, deflated: boolean])[]): Buffer {
  const [parts, central]: [Buffer[], Buffer[]] = [[], []];
  let at = 0;
  for (const [name, bytes, deflated] of entries) {
    const body = deflated ? deflateRawSync(bytes) : bytes;
    const local = Buffer.alloc(30);
    local.write('PK\x03\x04', 'latin1');
    local.writeUInt16LE(name.length, 26);
    const head = Buffer.alloc(46);
    head.write('PK\x01\x02', 'latin1');
    head.writeUInt16LE(deflated ? 8 : 0, 10);
    head.writeUInt32LE(body.length, 20);
    head.writeUInt16LE(name.length, 28);
    head.writeUInt32LE(at, 42);
    parts.push(local, Buffer.from(name), body);
    central.push(head, Buffer.from(name));
    at += 30 + name.length + body.length;
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...central, end]);
}
