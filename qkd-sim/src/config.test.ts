/** Configuration files: all faults at once, and a topology that fits together. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { metroShort } from './profiles/metro.js';
import { QkdError } from './error.js';
import { INITIAL_KEY_BYTES } from './store/block-store.js';
import { readSiteConfig } from './config.js';
import { type Topology, readTopology, writeSiteConfigs } from './site/topology.js';

const tls = { certificateFile: '/c.pem', privateKeyFile: '/k.pem', caFile: '/ca.pem' };
const topology = (names: readonly string[]): Topology => ({ sites: names.map((site) => ({ site, kmeId: `kme-${site}`, saeIds: [`sae-${site}`], tls })) });
const failure = async (promise: Promise<unknown>): Promise<QkdError> => promise.then(() => { throw new Error('no error'); }, (thrown: unknown) => thrown as QkdError);
const thrownBy = (run: () => unknown): QkdError => {
  try {
    run();
  } catch (thrown) {
    return thrown as QkdError;
  }
  throw new Error('no error');
};

describe('configuration', () => {
  let folder: string;
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'epione-')); });
  afterEach(() => { rmSync(folder, { recursive: true }); });
  const write = (text: string): string => {
    const file = join(folder, 'x.yaml');
    writeFileSync(file, text);
    return file;
  };

  it('links every two sites, with one key and two roles a link', async () => {
    const written = await writeSiteConfigs(topology(['a', 'b', 'c']), folder);
    expect(written.map(({ links }) => links.map(({ name, role, peerSite }) => `${name} ${role} ${peerSite}`))).deep.equal([
      ['a-b alice b', 'a-c alice c'], ['a-b bob a', 'b-c alice c'], ['a-c bob a', 'b-c bob b'],
    ]);
    const sites = written.map(({ configFile }) => readSiteConfig(configFile));
    const ports = sites.flatMap(({ listen, links }) => [listen.port, ...links.filter(({ role }) => role === 'bob').flatMap(({ quantum, classical }) => [quantum.port, classical.port])]);
    expect(new Set(ports).size).equal(3 + 2 * 3);
    const ends = sites.flatMap(({ links }) => links.filter(({ name }) => name === 'a-c'));
    expect(ends[0]!.classical).deep.equal(ends[1]!.classical);
    const keys = ends.map(({ initialKeyFile }) => readFileSync(initialKeyFile));
    expect(keys[0]!.length).equal(INITIAL_KEY_BYTES);
    expect(keys[0]).deep.equal(keys[1]);
    for (const file of [sites[0]!.storeKeyFile, ends[0]!.initialKeyFile]) expect(statSync(file).mode & 0o777).equal(0o600);
    expect(sites[0]!.links[0]!.refillBelowKeys).equal(256);
  });

  it('keeps given ports, profiles and Eve', async () => {
    const file = write(`
sites:
  - { site: a, kmeId: kme-a, saeIds: [s-a], port: 20001, tls: { certificateFile: c, privateKeyFile: k, caFile: ca } }
  - { site: b, kmeId: kme-b, saeIds: [s-b], tls: { certificateFile: c, privateKeyFile: k, caFile: ca } }
links:
  - { alice: b, bob: a, profile: metro-10dB-short, reconciliation: option7, eve: { attack: intercept-resend, fraction: 0.5 }, pace: real, quantumPort: 20002 }
refillBelowKeys: 7
`);
    const [a, b] = (await writeSiteConfigs(readTopology(file), folder)).map(({ configFile }) => readSiteConfig(configFile));
    expect(a!.listen.port).equal(20001);
    expect(a!.links[0]).deep.include({ role: 'bob', profile: { ...metroShort, reconciliation: 'option7' }, refillBelowKeys: 7 }).and.not.have.any.keys('eve', 'pace');
    expect(b!.links[0]).deep.include({ role: 'alice', eve: { attack: 'intercept-resend', fraction: 0.5 }, pace: 'real', quantum: { host: '127.0.0.1', port: 20002 } });
  });

  it('does not write over a site', async () => {
    await writeSiteConfigs(topology(['a', 'b']), folder);
    expect(await failure(writeSiteConfigs(topology(['b', 'c']), folder))).property('code', 'EXISTS');
  });

  it('names all faults of a topology', async () => {
    const faulty = { ...topology(['a', 'a']), links: [{ alice: 'a', bob: 'x' }, { alice: 'a', bob: 'a' }], profil: 'metro' } as Topology;
    const { code, message } = await failure(writeSiteConfigs(faulty, folder));
    expect(code).equal('CONFIG');
    expect(message).match(/profil/);
    const { message: deeper } = await failure(writeSiteConfigs({ ...faulty, profil: undefined } as Topology, folder));
    expect(deeper).match(/profil/);
    const { message: graph } = await failure(writeSiteConfigs({ sites: faulty.sites, links: faulty.links }, folder));
    expect(graph).match(/a appears twice/).and.match(/no site x/).and.match(/two ends/);
  });

  it('names all faults of a site together', () => {
    const { code, message } = thrownBy(() => readSiteConfig(write(`
site: 'a b'
kmeId: kme-a
saeIds: none
listen: { host: localhost, port: 99999 }
tls: { certificateFile: c, privateKeyFile: k }
storeKeyFile: s
state: st
surprise: 1
links:
  - { name: l, role: eve, peerKmeId: k, peerUrl: 'http://x', peerSaeIds: [s], quantum: { host: h, port: 1 }, classical: { host: h, port: 2 }, profile: none, initialKeyFile: f, eve: { attack: intercept-resend, fraction: 2 } }
`)));
    expect(code).equal('CONFIG');
    for (const path of ['site:', 'saeIds:', 'listen.port:', 'tls.caFile:', 'surprise', 'links.0.role:', 'links.0.peerUrl:', 'links.0.profile:', 'links.0.eve.fraction:']) {
      expect(message).contain(path);
    }
  });

  it('refuses Eve at Bob\'s site, names twice, and files that are not there or no YAML', async () => {
    const [, b] = await writeSiteConfigs(topology(['a', 'b']), folder);
    const text = readFileSync(b!.configFile, 'utf8');
    writeFileSync(b!.configFile, text.replace('role: bob', 'role: bob\n    eve: { attack: blinding }'));
    expect(thrownBy(() => readSiteConfig(b!.configFile)).message).match(/belong to the site of Alice/);
    writeFileSync(b!.configFile, text.replace('peerKmeId: kme-a', 'peerKmeId: kme-b'));
    expect(thrownBy(() => readSiteConfig(b!.configFile)).message).match(/kme-b appears twice/);
    expect(thrownBy(() => readSiteConfig(join(folder, 'none.yaml')))).property('code', 'CONFIG');
    expect(thrownBy(() => readSiteConfig(write('a: [')))).property('code', 'CONFIG');
  });
});
