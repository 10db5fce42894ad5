/** A set of sites and their links: from one file to the configuration, keys and folders of each site. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { QkdError } from '../error.js';
import { reconciliationNames } from '../distillation/reconciliation.js';
import { saeId } from '../kme/sae.js';
import { eveSchema } from '../optics/eve.js';
import { isProfileFile, profileReference, readProfile } from '../profiles/profile-file.js';
import { INITIAL_KEY_BYTES } from '../store/block-store.js';
import type { SiteConfigInput } from '../config.js';
import { faultsOf, readYaml } from '../yaml-file.js';
import { routesOf } from '../relay/routes.js';

const name = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);
/** 0 asks for a free port. */
const port = z.int().min(0).max(65_535).default(0);

const topologySchema = z
  .strictObject({
    sites: z
      .array(z.strictObject({
        site: name,
        kmeId: name,
        /** None makes it a trusted node, which only relays. */
        saeIds: z.array(saeId).default([]),
        host: z.string().default('localhost'),
        port,
        tls: z.strictObject({ certificateFile: z.string(), privateKeyFile: z.string(), caFile: z.string() }),
      }))
      .min(2),
    /** Without a list every two sites are linked, the one named first as Alice. */
    links: z
      .array(z.strictObject({
        alice: name,
        bob: name,
        profile: profileReference.optional(),
        /** A variant of Cascade, instead of the profile's. */
        reconciliation: z.enum(reconciliationNames).optional(),
        eve: eveSchema.optional(),
        pace: z.enum(['max', 'real']).optional(),
        quantumPort: port,
        classicalPort: port,
      }))
      .optional(),
    /** A profile's name, or a YAML file (absolute, or relative to the caller), which is copied to the sites. */
    profile: profileReference.default('metro-10dB'),
    /** How many paths without a common node a key takes at once where no link leads, if there are as many. */
    disjointPaths: z.int().min(1).max(8).default(1),
    refillBelowKeys: z.int().min(1).max(100_000).optional(),
  })
  .superRefine(({ sites, links = [] }, context) => {
    const names = sites.map(({ site }) => site);
    const ids = sites.flatMap(({ kmeId, saeIds }) => [kmeId, ...saeIds]);
    for (const list of [names, ids]) {
      const twice = list.find((value, index) => list.indexOf(value) !== index);
      if (twice !== undefined) context.addIssue({ code: 'custom', path: ['sites'], message: `${twice} appears twice` });
    }
    links.forEach(({ alice, bob }, index) => {
      for (const end of [alice, bob]) if (!names.includes(end)) context.addIssue({ code: 'custom', path: ['links', index], message: `no site ${end}` });
      if (alice === bob) context.addIssue({ code: 'custom', path: ['links', index], message: 'a link has two ends' });
    });
  });

/** A set of sites as it is written: what has a default may be left out. Paths to TLS files are absolute, or relative to the caller. */
export type Topology = z.input<typeof topologySchema>;

/** What was written for a site. */
export interface WrittenSite {
  readonly site: string;
  readonly configFile: string;
  readonly kmeId: string;
  readonly saeIds: readonly string[];
  /** Where its key server answers. */
  readonly url: string;
  readonly links: readonly { readonly name: string; readonly role: 'alice' | 'bob'; readonly peerSite: string }[];
}

/** Reads a topology file. @throws QkdError CONFIG naming every fault */
export const readTopology = (file: string): Topology => readYaml(file, topologySchema, 'See the table of settings in the README.');

/** Free ports, kept open until all are found, so that no two are the same. */
const freePorts = async (count: number): Promise<number[]> => {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => new Promise<ReturnType<typeof createServer>>((done, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => { done(server); });
    })),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map(async (server) => new Promise((done) => server.close(done))));
  return ports;
};

/** Writes a profile that came from a file beside a site's configuration, and returns what that says of it. */
const keepProfile = (profile: string, folder: string): string => {
  if (!isProfileFile(profile)) return profile;
  const read = readProfile(profile);
  const file = `${read.name}.profile.yaml`;
  writeFileSync(join(folder, file), stringify(read));
  return file;
};

/** A topology in which every default is filled in; without a list of links every two sites are linked. */
export type CheckedTopology = Omit<z.output<typeof topologySchema>, 'links'> & { readonly links: NonNullable<z.output<typeof topologySchema>['links']> };

/** Fills in the defaults. @throws QkdError CONFIG naming every fault */
export const checkTopology = (input: Topology): CheckedTopology => {
  const parsed = topologySchema.safeParse(input);
  if (!parsed.success) throw new QkdError('CONFIG', `the topology has faults:\n${faultsOf(parsed.error)}`);
  const { sites, links } = parsed.data;
  const mesh = (): CheckedTopology['links'] => sites.flatMap(({ site: alice }, index) => sites.slice(index + 1).map(({ site: bob }) => ({ alice, bob, quantumPort: 0, classicalPort: 0 })));
  return { ...parsed.data, links: links ?? mesh() };
};

/**
 * Writes `<folder>/<site>/site.yaml`, the store key and the initial keys of the links of every site.
 * @throws QkdError CONFIG for a faulty topology; EXISTS when a site is there already, because keys shared with others
 * must not be written over
 */
export const writeSiteConfigs = async (input: Topology, folder: string): Promise<WrittenSite[]> => {
  const { sites, links, profile, refillBelowKeys, disjointPaths } = checkTopology(input);
  const fileOf = (site: string): string => join(folder, site, 'site.yaml');
  const there = sites.find(({ site }) => existsSync(fileOf(site)));
  if (there !== undefined) throw new QkdError('EXISTS', `${fileOf(there.site)} exists`, { remedy: 'Use it, or remove the folders of all sites.' });

  const ports = await freePorts(sites.length + 2 * links.length);
  const chosen = (wanted: number): number => { const free = ports.pop() ?? 0; return wanted === 0 ? free : wanted; };
  const placed = sites.map((site) => ({ ...site, port: chosen(site.port) }));
  const linked = links.map((link) => ({
    ...link, name: `${link.alice}-${link.bob}`, key: randomBytes(INITIAL_KEY_BYTES),
    quantum: { host: '127.0.0.1', port: chosen(link.quantumPort) }, classical: { host: '127.0.0.1', port: chosen(link.classicalPort) },
  }));

  const routes = routesOf(placed, links.map(({ alice, bob }) => [alice, bob]), disjointPaths);
  return placed.map((site) => {
    const own = linked.filter(({ alice, bob }) => [alice, bob].includes(site.site));
    mkdirSync(join(folder, site.site), { recursive: true, mode: 0o700 });
    const ends = own.map((link) => {
      const role: 'alice' | 'bob' = link.alice === site.site ? 'alice' : 'bob';
      const peerSite = role === 'alice' ? link.bob : link.alice;
      const peer = placed.find((other) => other.site === peerSite);
      if (peer === undefined) throw new RangeError(`no site ${peerSite}`);
      const initialKeyFile = `${link.name}.key`;
      writeFileSync(join(folder, site.site, initialKeyFile), link.key, { mode: 0o600 });
      return {
        name: link.name, role, peerKmeId: peer.kmeId, peerUrl: `https://${peer.host}:${peer.port}`, peerSaeIds: peer.saeIds,
        quantum: link.quantum, classical: link.classical, profile: keepProfile(link.profile ?? profile, join(folder, site.site)), initialKeyFile,
        ...(link.reconciliation !== undefined && { reconciliation: link.reconciliation }),
        ...(link.eve !== undefined && role === 'alice' && { eve: link.eve }), ...(link.pace !== undefined && role === 'alice' && { pace: link.pace }), ...(refillBelowKeys !== undefined && { refillBelowKeys }),
      };
    });
    const config: SiteConfigInput = {
      site: site.site, kmeId: site.kmeId, saeIds: site.saeIds, listen: { host: site.host, port: site.port },
      tls: { certificateFile: resolve(site.tls.certificateFile), privateKeyFile: resolve(site.tls.privateKeyFile), caFile: resolve(site.tls.caFile) },
      storeKeyFile: 'store.key', state: 'state', links: ends, routes: routes.get(site.site) ?? [],
    };
    writeFileSync(join(folder, site.site, 'store.key'), randomBytes(32), { mode: 0o600 });
    // Last, because a site is there when this file is.
    writeFileSync(fileOf(site.site), stringify(config), { mode: 0o600 });
    return {
      site: site.site, configFile: fileOf(site.site), kmeId: site.kmeId, saeIds: site.saeIds, url: `https://${site.host}:${site.port}`,
      links: ends.map(({ name: link, role, peerKmeId }) => ({ name: link, role, peerSite: placed.find(({ kmeId }) => kmeId === peerKmeId)?.site ?? '' })),
    };
  });
};
