/** The checks of keys: the site's own on the disk, and those that its key management entity holds for each partner. */
import { openLock } from '../keys/seed-lock.js';
import { protectionOf } from '../keys/seed-file.js';
import { readKeys, seedFiles } from '../keys/seeds.js';
import { examineStatus } from '../kme/examination.js';
import { openKme } from '../site/site.js';
import { ok, warning, type Check, type Examined } from './finding.js';

export const seeds: Check = {
  name: 'key files', remedy: 'Run fl-worker init, correct keyProtection, or chmod 600 the files in the keys folder.',
  examine: async ({ config }) => {
    const kinds = new Set(await Promise.all(seedFiles(config.state).map(protectionOf)));
    using lock = await openLock(config.keyProtection);
    await readKeys(config.state, config.suites, lock);
    return [ok(`present, for their owner only, encryption: ${[...kinds].join(', ')}`)];
  },
};

const withSae = ({ partners }: Examined): { readonly mspId: string; readonly saeId: string }[] => partners.flatMap(({ mspId, saeId }) => (saeId === undefined ? [] : [{ mspId, saeId }]));

export const keyStock: Check = {
  name: 'key stock', remedy: 'Start the key management entity, or correct kme in the configuration.',
  examine: async (examined) => {
    const kme = await openKme(examined.config);
    if (kme === undefined) return [ok('this site has no key management entity')];
    const stocks = await Promise.all(withSae(examined).map(async ({ mspId, saeId }) => ({ mspId, stored: (await kme.status(saeId)).stored_key_count })));
    if (stocks.length === 0) return [ok('no partner with keys is known yet')];
    return stocks.map(({ mspId, stored }) => (stored > 0 ? ok(`${stored} keys with ${mspId}`) : warning('KEYS_EMPTY', `no key is stored with ${mspId}`, 'An empty stock fills while the link runs: ask the key officer whether it does (qkd-sim status).')));
  },
};

export const keyDelivery: Check = {
  name: 'key delivery', remedy: 'Run etsi-qkd-014 doctor, and show what it finds to the vendor.',
  examine: async (examined) => {
    const { kme } = examined.config;
    return [ok(kme === undefined ? 'this site has none' : await examineStatus(kme, withSae(examined).map(({ saeId }) => saeId)))];
  },
};
