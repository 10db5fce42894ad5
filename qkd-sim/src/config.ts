/** The configuration of a site: one YAML file, parsed strictly, with all its faults reported together. */
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { reconciliationNames } from './distillation/reconciliation.js';
import { QkdError } from './error.js';
import { limitsConfig } from './kme/limits.js';
import { saeConfig, saeId } from './kme/sae.js';
import { eveSchema, noEve } from './optics/eve.js';
import { attackFault } from './optics/photon-pairs.js';
import { profileOf } from './profiles/named.js';
import { isProfileFile, profileReference, readProfile } from './profiles/profile-file.js';
import type { Profile } from './profiles/profile.js';
import { readYaml } from './yaml-file.js';

const name = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores');
const port = z.int().min(1).max(65_535);
const endpoint = z.strictObject({ host: z.string().min(1), port });
const file = z.string().min(1);

/** One end of a quantum link. For Bob the endpoints are where he listens, for Alice where she finds him. */
export const linkConfig = z.strictObject({
  name,
  role: z.enum(['alice', 'bob']),
  peerKmeId: name,
  peerUrl: z.url({ protocol: /^https$/ }),
  peerSaeIds: z.array(saeId),
  quantum: endpoint,
  classical: endpoint,
  /** A name, or a YAML file; both ends must have the same. */
  profile: profileReference,
  /** Instead of the profile's; both ends must have the same. */
  reconciliation: z.enum(reconciliationNames).optional(),
  initialKeyFile: file,
  /** Alice's site only: the emulated optics are hers, and so is what Eve does to them. */
  eve: eveSchema.optional(),
  /** Alice's site only, for studies: 64 hex digits from which the optics draw; without it the system's randomness. */
  opticsSeed: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits').optional(),
  /** Alice's site only: `max` emulates as fast as it can, `real` in step with the clock. Default: max. */
  pace: z.enum(['max', 'real']).optional(),
  /** A block is made when a pool holds fewer keys of 256 bits than this. */
  refillBelowKeys: z.int().min(1).max(100_000).default(256),
});

const siteConfig = z
  .strictObject({
    site: name,
    kmeId: name,
    /** None at a trusted node, which only relays. */
    saeIds: z.array(saeId),
    sae: saeConfig,
    limits: limitsConfig,
    listen: endpoint,
    /** Port of the operator's door and of /metrics on loopback; 0 takes a free one at each start. */
    adminPort: z.int().min(0).max(65_535).default(0),
    tls: z.strictObject({ certificateFile: file, privateKeyFile: file, caFile: file }),
    storeKeyFile: file,
    state: file,
    links: z.array(linkConfig),
    /** Whether the site also answers the Secure Key Integration Protocol. */
    skip: z.boolean().default(false),
    /** Ways to other sites' SAEs over trusted nodes: KME IDs from this site's to theirs; a key is the XOR of what all paths bring. */
    routes: z.array(z.strictObject({ kmeId: name, saeIds: z.array(name).min(1), paths: z.array(z.array(name).min(2)).min(1).max(16) })).default([]),
  })
  .superRefine((site, context) => {
    const twice = (values: readonly string[], path: string): void => {
      const found = values.find((value, index) => values.indexOf(value) !== index);
      if (found !== undefined) context.addIssue({ code: 'custom', path: [path], message: `${found} appears twice` });
    };
    twice(site.links.map((link) => link.name), 'links');
    twice([...site.saeIds, ...site.links.flatMap((link) => link.peerSaeIds)], 'saeIds');
    twice([site.kmeId, ...site.links.map((link) => link.peerKmeId)], 'kmeId');
    const neighbours = site.links.map((link) => link.peerKmeId);
    for (const [index, { kmeId, paths }] of site.routes.entries()) {
      const faulty = paths.some((path) => path[0] !== site.kmeId || path.at(-1) !== kmeId || !neighbours.includes(path[1] ?? ''));
      if (faulty) context.addIssue({ code: 'custom', path: ['routes', index], message: `each path must lead from ${site.kmeId} over a link to ${kmeId}` });
    }
    for (const [index, { role, eve, opticsSeed, pace }] of site.links.entries()) {
      if (role === 'bob' && (eve ?? opticsSeed ?? pace) !== undefined) {
        context.addIssue({ code: 'custom', path: ['links', index], message: 'eve, opticsSeed and pace belong to the site of Alice' });
      }
    }
  });

/** One end of a link, with its profile read. */
export type LinkConfig = Omit<z.output<typeof linkConfig>, 'profile' | 'reconciliation'> & { profile: Profile };
export type SiteConfig = Omit<z.output<typeof siteConfig>, 'links'> & { links: LinkConfig[] };
/** A configuration as it is written, with what has a default left out. */
export type SiteConfigInput = z.input<typeof siteConfig>;

/** Reads a site's configuration; paths in it are relative to its own folder. */
export const readSiteConfig = (path: string): SiteConfig => {
  const site = readYaml(path, siteConfig, 'See the table of settings in the README.');
  const at = (relative: string): string => resolve(dirname(path), relative);
  const links = site.links.map(({ reconciliation, ...link }) => {
    const profile = isProfileFile(link.profile) ? readProfile(at(link.profile)) : profileOf(link.profile);
    return { ...link, initialKeyFile: at(link.initialKeyFile), profile: { ...profile, ...(reconciliation !== undefined && { reconciliation }) } };
  });
  const fault = links.map(({ profile, eve = noEve }) => attackFault(profile, eve)).find((found) => found !== undefined);
  if (fault !== undefined) throw new QkdError('CONFIG', `${path} has faults:\n  links: ${fault}`);
  return {
    ...site,
    state: at(site.state),
    storeKeyFile: at(site.storeKeyFile),
    tls: { certificateFile: at(site.tls.certificateFile), privateKeyFile: at(site.tls.privateKeyFile), caFile: at(site.tls.caFile) },
    links,
  };
};

/** The database of a site. */
export const databaseFile = (site: SiteConfig): string => resolve(site.state, 'site.db');
