/** The package ID: the same for the same code everywhere, another for other code. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { gzip, packChaincode, tar } from './chaincode-package.js';
import { NetworkError } from '../error.js';

describe('chaincode package', function () {
  // A loaded machine is slow, which is no fault of the code.
  this.timeout(120_000);
  let root: string;
  let dir: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'epione-package-'));
    dir = join(root, 'contract');
    mkdirSync(join(dir, 'dist'), { recursive: true });
    writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: 'c', version: '1.2.3', main: 'dist/index.js', dependencies: { sibling: '1.0.0', absent: '1.0.0' } }));
    writeFileSync(join(dir, 'dist', 'index.js'), 'exports.contracts = [];\n');
    mkdirSync(join(root, 'sibling', 'dist'), { recursive: true });
    writeFileSync(join(root, 'sibling', 'dist', 'rule.js'), 'export const limit = 1;\n');
    mkdirSync(join(root, 'node_modules'));
    symlinkSync(join(root, 'sibling'), join(root, 'node_modules', 'sibling'));
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it('has frozen bytes', () => {
    const { packageId, version, label } = packChaincode(dir, 'epione');
    expect(label).to.equal('epione_1.2.3');
    expect(version).to.equal('1.2.3+25f3dc153f514157');
    expect(packageId).to.equal('epione_1.2.3:4397560a079147e26ad1b430a64f259eea7d8370a1774ed2677fca1f11091f99');
  });

  it('changes with the code, the siblings and the version, and with nothing else', () => {
    const first = packChaincode(dir, 'epione').packageId;
    const changed = (file: string, content: string): boolean => {
      writeFileSync(file, content);
      return packChaincode(dir, 'epione').packageId !== first;
    };
    expect(changed(join(dir, 'dist', 'index.js.map'), '{}')).to.equal(false);
    expect(changed(join(dir, 'dist', 'index.test.js'), '')).to.equal(false);
    expect(changed(join(root, 'sibling', 'dist', 'rule.js'), 'export const limit = 2;\n')).to.equal(true);
    expect(changed(join(root, 'sibling', 'dist', 'rule.js'), 'export const limit = 1;\n')).to.equal(false);
    expect(changed(join(dir, 'dist', 'other.js'), '')).to.equal(true);
  });

  it('can be read by tar', () => {
    const archive = gzip(tar([['a.json', Buffer.from('{}')], ['b/c.txt', Buffer.alloc(70_000, 'x')]]));
    const listed = execFileSync('tar', ['-tzvf', '-'], { input: archive, encoding: 'utf8' });
    expect(listed).to.match(/-rw-r--r-- 0\/0 +2 1970-01-01 00:00 a\.json\n-rw-r--r-- 0\/0 +70000 1970-01-01 00:00 b\/c\.txt\n/);
    expect(execFileSync('tar', ['-xzOf', '-', 'b/c.txt'], { input: archive, encoding: 'utf8' })).to.equal('x'.repeat(70_000));
  });

  for (const [what, spoil] of [
    ['no package.json', (at: string) => { rmSync(join(at, 'package.json')); }],
    ['no main', (at: string) => { writeFileSync(join(at, 'package.json'), '{"name":"c","version":"1.0.0"}'); }],
    ['nothing built', (at: string) => { rmSync(join(at, 'dist'), { recursive: true }); }],
  ] as const) {
    it(`refuses a folder with ${what}`, () => {
      spoil(dir);
      expect(() => packChaincode(dir, 'epione')).to.throw(NetworkError).with.property('code', 'CHAINCODE_INVALID');
    });
  }
});
