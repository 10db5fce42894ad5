/** The folder that holds the chaincode whole: what its Dockerfile and npm will look for is there. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { NetworkError } from '../error.js';
import { packChaincode } from './chaincode-package.js';
import { defaultChaincodeDir } from './deploy.js';
import { lockfileOf } from './lockfile.js';
import { writeStandalone } from './standalone.js';

describe('standalone chaincode', () => {
  let dir: string;
  let packageId: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'epione-standalone-'));
    ({ packageId } = writeStandalone(defaultChaincodeDir, dir, 'epione'));
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  const read = (name: string): string => readFileSync(join(dir, name), 'utf8');

  it('is the code that the package names', () => {
    expect(packageId).to.equal(packChaincode(defaultChaincodeDir, 'epione').packageId);
    for (const name of ['dist/index.js', 'protocol/dist/index.js']) {
      expect(read(name)).to.equal(readFileSync(join(defaultChaincodeDir, name.startsWith('dist') ? '.' : '..', name), 'utf8'));
    }
  });

  it('has every file that the Dockerfile copies and runs, on a Node that it allows', () => {
    const dockerfile = read('Dockerfile');
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, list = '']) => list.split(' '));
    expect(sources).to.include.members(['package.json', 'package-lock.json', 'protocol', 'dist']);
    for (const source of sources) expect(existsSync(join(dir, source)), source).to.equal(true);
    const stages = [...dockerfile.matchAll(/^FROM node:(\d+)\S*(?: AS (\S+))?$/gm)];
    for (const [, major] of stages) expect(Number(major)).to.be.at.least(24);
    for (const [, stage] of dockerfile.matchAll(/^COPY --from=(\S+)/gm)) expect(stages.map(([, , name]) => name)).to.include(stage);
    const command = JSON.parse(/^CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]') as string[];
    const server = /node_modules\/(\S+\.js) server/.exec(command.join(' '))?.[1] ?? '';
    expect(createRequire(join(defaultChaincodeDir, 'package.json')).resolve(server)).to.match(/cli\.js$/);
    expect(command.join(' ')).to.contain('$CHAINCODE_SERVER_ADDRESS').and.contain('$CORE_CHAINCODE_ID');
  });

  it('names exact versions and the scripts that deployCC runs, and its lockfile has them all', () => {
    const root = JSON.parse(read('package.json')) as { dependencies: Record<string, string>; scripts: Record<string, string>; main: string };
    expect(root.scripts).to.include.keys('build', 'start');
    expect(existsSync(join(dir, root.main))).to.equal(true);
    for (const [name, version] of Object.entries(root.dependencies)) expect(version, name).to.match(/^(\d+\.\d+\.\d+|file:protocol)$/);
    const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, { dependencies?: Record<string, string>; dev?: boolean }> };
    expect(packages['']?.dependencies).to.deep.equal(root.dependencies);
    for (const [key, { dependencies = {}, dev }] of Object.entries(packages)) {
      expect(dev, key).to.equal(undefined);
      for (const name of Object.keys(dependencies)) expect(Object.keys(packages).some((other) => other.endsWith(`node_modules/${name}`)), `${name} of ${key}`).to.equal(true);
    }
    expect(Object.keys(packages)).not.to.include('node_modules/mocha');
  });

  it('holds no tests and no file that a peer refuses', () => {
    for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
      expect(entry.name).not.to.match(/\.test\.|\.map$|^testing$/);
      if (entry.isFile()) expect(statSync(join(entry.parentPath, entry.name)).mode & 0o111, entry.name).to.equal(0);
    }
  });

  it('is not written over something else', () => {
    expect(() => writeStandalone(defaultChaincodeDir, dir, 'epione')).to.throw(NetworkError).with.property('code', 'USAGE');
  });
});

describe('lockfile of one package', () => {
  const root = { name: 'r', version: '1.0.0', dependencies: { a: '1.0.0', s: 'file:s' } };
  const packages = {
    '': { name: 'workspace' },
    c: { dependencies: { a: '1.0.0', s: '1.0.0' }, devDependencies: { t: '1.0.0' } },
    s: { name: 's', version: '1.0.0', dependencies: { b: '1.0.0' }, devDependencies: { t: '1.0.0' } },
    'node_modules/s': { resolved: 's', link: true },
    'node_modules/a': { version: '1.0.0', dev: true, dependencies: { b: '^1.0.0' }, optionalDependencies: { elsewhere: '1.0.0' } },
    'node_modules/a/node_modules/b': { version: '2.0.0' },
    'node_modules/b': { version: '1.0.0' },
    'node_modules/t': { version: '1.0.0', dev: true },
  };

  it('keeps what is needed at run time, where Node would find it', () => {
    expect(lockfileOf({ lockfileVersion: 3, packages }, 'c', root)).to.deep.equal({
      name: 'r',
      version: '1.0.0',
      lockfileVersion: 3,
      requires: true,
      packages: {
        '': root,
        'node_modules/a': { version: '1.0.0', dependencies: { b: '^1.0.0' }, optionalDependencies: { elsewhere: '1.0.0' } },
        'node_modules/a/node_modules/b': { version: '2.0.0' },
        'node_modules/b': { version: '1.0.0' },
        'node_modules/s': { resolved: 's', link: true },
        s: { name: 's', version: '1.0.0', dependencies: { b: '1.0.0' } },
      },
    });
  });

  for (const [what, document] of [
    ['another version', { lockfileVersion: 2, packages }],
    ['a missing dependency', { lockfileVersion: 3, packages: { ...packages, 'node_modules/b': undefined, s: { dependencies: { absent: '1.0.0' } } } }],
    ['a dependency that would have to move', { lockfileVersion: 3, packages: { ...packages, 'c/node_modules/a': { version: '3.0.0' } } }],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => lockfileOf(JSON.parse(JSON.stringify(document)), 'c', root)).to.throw(NetworkError).with.property('code', 'CHAINCODE_INVALID');
    });
  }
});
