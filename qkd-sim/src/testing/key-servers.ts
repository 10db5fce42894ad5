/**
 * Key servers without quantum links, for the tests of this package: real servers, stores and TLS, and blocks of key
 * that both ends of a link are given.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { type SiteConfig, databaseFile, readSiteConfig } from '../config.js';
import { tlsOptions } from '../kme/http.js';
import { startKeyServer } from '../kme/key-server.js';
import { KmeLink } from '../kme/kme-link.js';
import { PeerClient } from '../kme/peer-client.js';
import { systemRandom } from '../random.js';
import { giveBlocks } from '../site/given-blocks.js';
import { type Topology, type WrittenSite, writeSiteConfigs } from '../site/topology.js';
import { StoreClient } from '../store/store-client.js';
import { Sae } from './sae.js';
import { TestAuthority } from './test-authority.js';

/** A key server that runs in this process. */
export interface RunningKme {
  readonly links: readonly KmeLink[];
  stop(): Promise<void>;
}

/** Puts a key server together as a site does, with the given ways to its store and peers. */
export const startKme = async (
  site: SiteConfig,
  wrapStore: (store: StoreClient) => StoreClient = (store) => store,
  wrapPeer: (peer: PeerClient) => PeerClient = (peer) => peer,
): Promise<RunningKme> => {
  const storeKey = readFileSync(site.storeKeyFile);
  const store = wrapStore(await StoreClient.start({ databaseFile: databaseFile(site), storeKey, links: site.links.map(({ name }) => name) }, (error) => { throw error; }));
  const tls = tlsOptions(site);
  const links = site.links.map((link) => new KmeLink(link, store, wrapPeer(new PeerClient(link, tls)), () => undefined, () => undefined));
  const server: Server = await startKeyServer(site, store, links, () => undefined);
  for (const link of links) void link.start();
  return {
    links,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      for (const link of links) link.stop();
      await store.stop();
    },
  };
};

/** Sites in a folder of their own, each with the SAEs that it is given. */
export class KeyServers {
  readonly folder = mkdtempSync(join(tmpdir(), 'epione-'));
  readonly #saes = new Map<string, Sae>();
  #authority: TestAuthority | undefined;
  #sites: readonly WrittenSite[] = [];

  /**
   * Writes the sites; every two are linked, unless the topology says otherwise.
   * @param saes SAE IDs by name of a site
   * @param settings of every site beside those of a topology
   */
  async write(saes: Readonly<Record<string, readonly string[]>>, settings: object = {}, topology: Partial<Topology> = {}): Promise<void> {
    this.#authority = await TestAuthority.create(join(this.folder, 'pki'), Date.now());
    const sites: Topology['sites'] = [];
    for (const [site, saeIds] of Object.entries(saes)) sites.push({ site, kmeId: `kme-${site}`, saeIds: [...saeIds], tls: await this.#authority.issue(`kme-${site}`) });
    this.#sites = await writeSiteConfigs({ sites, profile: 'metro-10dB-short', refillBelowKeys: 1, ...topology }, this.folder);
    for (const { configFile } of this.#sites) writeFileSync(configFile, stringify({ ...(parse(readFileSync(configFile, 'utf8')) as object), ...settings }));
  }

  config(site: string): SiteConfig {
    return readSiteConfig(join(this.folder, site, 'site.yaml'));
  }

  /** Gives both ends of every link a block with so many keys of 256 bits for each direction. */
  deposit(keysEachWay: number, madeAt = Date.now(), epsilon = 1e-10): void {
    giveBlocks(this.#sites.map(({ site }) => this.config(site)), { keysEachWay, madeAt, epsilon }, systemRandom);
  }

  /** An application with a certificate of the authority. */
  async sae(name: string, uri?: string): Promise<Sae> {
    const sae = this.#saes.get(name) ?? new Sae(await this.authority.issue(name, 1, uri));
    this.#saes.set(name, sae);
    return sae;
  }

  get authority(): TestAuthority {
    if (this.#authority === undefined) throw new Error('write the sites first');
    return this.#authority;
  }

  /** Where a site answers what is asked of an SAE. */
  url(site: string, sae: string, action: string): string {
    return `${this.#sites.find((written) => written.site === site)?.url ?? ''}/api/v1/keys/${encodeURIComponent(sae)}/${action}`;
  }

  remove(): void {
    for (const sae of this.#saes.values()) sae.close();
    rmSync(this.folder, { recursive: true });
  }
}
