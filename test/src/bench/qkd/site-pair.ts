/** Two sites of the emulator as real processes, north and south, with an application's certificate for each. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority, issueCertificate, validFor } from '@epione/network';
import { giveBlocks, readSiteConfig, systemRandom, writeSiteConfigs, type WrittenSite } from '@epione/qkd-sim';
import { parse, stringify } from 'yaml';
import { programs } from '../../study/command.js';

/** What an application connects with, PEM. */
export interface SaeTls {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** Two sites in a folder of their own. */
export class SitePair {
  readonly #folder: string;
  readonly #written: readonly WrittenSite[];
  /** Of the application `sae-north`. */
  readonly sae: SaeTls;
  #processes: ChildProcess[] = [];

  private constructor(folder: string, written: readonly WrittenSite[], sae: SaeTls) {
    this.#folder = folder;
    this.#written = written;
    this.sae = sae;
  }

  /** Writes the sites; they do not run yet. @param refillBelowKeys keys that each pool should hold. */
  static async create(refillBelowKeys?: number): Promise<SitePair> {
    const folder = mkdtempSync(join(tmpdir(), 'epione-sites-'));
    const file = (name: string, content: string): string => {
      writeFileSync(join(folder, name), content, { mode: 0o600 });
      return join(folder, name);
    };
    const validity = validFor(1, new Date());
    const authority = await createAuthority('ca', 'bench', validity);
    const caFile = file('ca.pem', authority.certificate);
    const certificates = async (commonName: string): Promise<{ certificate: string; privateKey: string }> =>
      issueCertificate(authority, { commonName, organization: 'bench', use: { kind: 'tls', dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] }, validity });
    const site = async (name: string): Promise<{ site: string; kmeId: string; saeIds: string[]; tls: { certificateFile: string; privateKeyFile: string; caFile: string } }> => {
      const { certificate, privateKey } = await certificates(`kme-${name}`);
      return { site: name, kmeId: `kme-${name}`, saeIds: [`sae-${name}`], tls: { certificateFile: file(`${name}.pem`, certificate), privateKeyFile: file(`${name}.key`, privateKey), caFile } };
    };
    const topology = { sites: [await site('north'), await site('south')], ...(refillBelowKeys !== undefined && { refillBelowKeys }) };
    const { certificate: cert, privateKey: key } = await certificates('sae-north');
    return new SitePair(folder, await writeSiteConfigs(topology, join(folder, 'sites')), { cert, key, ca: authority.certificate });
  }

  /** Where the key server of north answers `sae-north` about `sae-south`. */
  get url(): string {
    return `${this.#written[0]?.url ?? ''}/api/v1/keys/sae-south/`;
  }

  start(): void {
    this.#processes = this.#written.map(({ configFile }) => spawn(process.execPath, [programs['qkd-sim'], 'run', '--config', configFile], { stdio: 'ignore' }));
  }

  /** Process IDs of the running sites. */
  get pids(): readonly number[] {
    return this.#processes.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  /** @throws Error when a site has ended by itself */
  check(): void {
    const ended = this.#processes.find(({ exitCode }) => exitCode !== null);
    if (ended !== undefined) throw new Error(`a site ended with exit code ${ended.exitCode}`);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    }));
    this.#processes = [];
  }

  /** Changes the configuration of both sites, which must not run. */
  configure(change: (config: Record<string, unknown>) => Record<string, unknown>): void {
    for (const { configFile } of this.#written) {
      writeFileSync(configFile, stringify(change(parse(readFileSync(configFile, 'utf8')) as Record<string, unknown>)));
    }
  }

  /** Gives both sites keys as if their link had made them, for each direction; the sites must not run. */
  give(keys: number): void {
    // About as many in a block as the default profile makes.
    const keysEachWay = 500;
    giveBlocks(this.#written.map(({ configFile }) => readSiteConfig(configFile)), { keysEachWay, blocks: Math.ceil(keys / keysEachWay), madeAt: Date.now() }, systemRandom);
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
