/** Profiles: those with a name are sound, and a user's own is read with all its faults together. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { readSiteConfig } from '../config.js';
import { QkdError } from '../error.js';
import { readTopology, writeSiteConfigs } from '../site/topology.js';
import { metro } from './metro.js';
import { profileNames, profileOf } from './named.js';
import { readProfile } from './profile-file.js';
import { blockBits, profileId, profileSchema, steadyLossDb } from './profile.js';

describe('profiles', () => {
  let folder: string;
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'epione-')); });
  afterEach(() => { rmSync(folder, { recursive: true }); });

  const write = (name: string, document: unknown): string => {
    const file = join(folder, name);
    writeFileSync(file, stringify(document));
    return file;
  };
  const faults = (document: unknown): string => {
    try {
      readProfile(write('p.yaml', document));
    } catch (thrown) {
      if (thrown instanceof QkdError && thrown.code === 'CONFIG') return thrown.message;
    }
    throw new Error('no fault');
  };

  for (const name of profileNames) {
    it(`${name} is sound and reads back from a file`, () => {
      const profile = profileOf(name);
      expect(profileSchema.parse(profile)).deep.equal(profile);
      expect(profile.name).equal(name);
      const own = readProfile(write('own.yaml', { ...profile, name: 'own' }));
      expect(own).deep.equal({ ...profile, name: 'own' });
      expect(blockBits(profile) % 32).equal(0);
    });
  }

  it('takes a device by what differs from a named profile', () => {
    const own = readProfile(write('own.yaml', { name: 'ward-7', basedOn: 'metro-10dB', lossDb: 3, fiber: { fiberKm: 20, lossDbPerKm: 0.2 }, detectorEfficiency: 0.25 }));
    expect(own).deep.equal({ ...metro, name: 'ward-7', lossDb: 3, fiber: { fiberKm: 20, lossDbPerKm: 0.2 }, detectorEfficiency: 0.25 });
    expect(steadyLossDb(own)).equal(7);
    expect(profileId(own)).match(/^ward-7:[0-9a-f]{16}$/).and.not.equal(profileId({ ...own, lossDb: 3.1 }));
  });

  it('names all faults together', () => {
    const message = faults({ ...metro, name: 'a b', lossDb: -1, darkCount: 2, intensities: [0.2, 0.4, 0], colour: 'red' });
    for (const fault of ['name: must be 1 to 64', 'lossDb:', 'darkCount:', 'colour']) expect(message).contain(fault);
    expect(faults({ ...metro, name: 'x', intensities: [0.2, 0.4, 0], intensityProbabilities: [0.5, 0.4, 0.2] })).match(/intensities: must fall.*\n.*intensityProbabilities: must sum to 1/);
    expect(faults({ ...metro, name: 'x', frameBits: 1002 })).contain('frameBits: must be a multiple of 4');
    expect(faults({ ...profileOf('micius-2017'), name: 'x', satellite: { ...profileOf('micius-2017').satellite, minElevationDeg: 60 } })).contain('satellite: must rise');
    expect(faults({ ...metro, name: 'x', source: 'laser' })).contain('source:');
    expect(faults({ name: 'x', basedOn: 'metro' })).contain('basedOn: must be one of metro-10dB,');
    expect(faults({ basedOn: 'metro-10dB' })).contain('name:');
    expect(faults({ ...metro })).contain('is the name of a profile that is there already');
    expect(faults('metro')).contain('must be a table of settings');
  });

  it('goes with the sites of a topology', async () => {
    const profile = write('ward-7.yaml', { name: 'ward-7', basedOn: 'metro-10dB', lossDb: 3 });
    const tls = { certificateFile: 'c', privateKeyFile: 'k', caFile: 'ca' };
    const sites = ['a', 'b'].map((site) => ({ site, kmeId: `kme-${site}`, saeIds: [`sae-${site}`], tls }));
    const written = await writeSiteConfigs(readTopology(write('topology.yaml', { sites, profile })), join(folder, 'sites'));
    rmSync(profile);
    for (const { configFile } of written) expect(readSiteConfig(configFile).links[0]!.profile).deep.equal({ ...metro, name: 'ward-7', lossDb: 3 });
    expect(() => readTopology(write('topology.yaml', { sites, profile: 'metro' }))).throw(/profile: must be one of metro-10dB, .*or a file/);
  });

  it('refuses an attack that the source of a link does not know', async () => {
    const sites = ['a', 'b'].map((site) => ({ site, kmeId: `kme-${site}`, saeIds: [`sae-${site}`], tls: { certificateFile: 'c', privateKeyFile: 'k', caFile: 'ca' } }));
    const links = [{ alice: 'a', bob: 'b', profile: 'entangled-metro', eve: { attack: 'blinding' as const } }];
    const [a] = await writeSiteConfigs({ sites, links }, folder);
    expect(() => readSiteConfig(a!.configFile)).throw('blinding is an attack on weak pulses, and entangled-metro has photon pairs');
  });
});
