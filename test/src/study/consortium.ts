/** The organizations of a network on one machine: their network, key servers and workers, each a process of its own, used through their command lines. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Profile } from '@epione/network';
import { writeSiteConfigs, type LinkStatus, type SiteStatus, type WrittenSite } from '@epione/qkd-sim';
import { stringify } from 'yaml';
import { command, programs } from './command.js';
import { idColumn, type StudyData } from './data.js';
import { SupervisedProcess } from './process.js';

/** The organizations of the shipped topology; hospitals have data. */
export const hospitals = ['HospitalA', 'HospitalB', 'HospitalC'] as const;
export const organizations = [...hospitals, 'Regulator'] as const;
export type Organization = (typeof organizations)[number];

/** Where a study keeps what. */
export class Places {
  readonly root: string;

  /** @param root folder of all state. */
  constructor(root: string) {
    this.root = root;
  }

  get network(): string {
    return join(this.root, 'network');
  }

  get trustRoot(): string {
    return join(this.network, 'trust-root.json');
  }

  profile(organization: string): string {
    return join(this.network, 'profiles', `${organization}.json`);
  }

  /** A worker's folder; its keys live as long as the network. */
  worker(organization: string): string {
    return join(this.root, 'workers', organization);
  }

  workerConfig(organization: string): string {
    return join(this.worker(organization), 'worker.yaml');
  }

  blobs(organization: string): string {
    return join(this.worker(organization), 'state', 'blobs');
  }

  /** What belongs to one run: key servers, data, logs, results. */
  run(name: string): string {
    return join(this.root, 'runs', name);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

/** Asks again and again until an answer satisfies. @throws the last error after `timeoutMs`. */
export async function until<T>(timeoutMs: number, what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  while (performance.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      cause = error;
    }
    await sleep(1000);
  }
  throw new Error(`${what} did not come about within ${timeoutMs / 1000} s`, { cause });
}

/** An eavesdropper on the link between the first two hospitals. */
export interface Eavesdropper {
  readonly interceptFraction: number;
}

export class Consortium {
  readonly places: Places;
  readonly organizations: readonly string[];
  /** What belongs to the run that goes on. */
  runFolder: string;
  #network: SupervisedProcess | undefined;
  #sites: readonly WrittenSite[] = [];
  readonly #kmes = new Map<string, SupervisedProcess>();
  readonly #workers = new Map<string, SupervisedProcess>();

  /** @param name of the run, for its folder. @param members the organizations of the network's topology. */
  constructor(places: Places, name: string, members: readonly string[] = organizations) {
    this.places = places;
    this.organizations = members;
    this.runFolder = places.run(name);
    mkdirSync(this.runFolder, { recursive: true });
  }

  /** Turns to another run: network and key servers go on, workers of the last one are stopped. @param name of the run. */
  async turnTo(name: string): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
    this.#workers.clear();
    this.runFolder = this.places.run(name);
    mkdirSync(this.runFolder, { recursive: true });
  }

  #supervise(name: string, args: readonly string[], done: readonly number[] = []): SupervisedProcess {
    return new SupervisedProcess({ name, args, logFile: join(this.runFolder, 'logs', `${name}.log`), done });
  }

  /** Fabric up, with a supervisor that restarts what dies, and the chaincode deployed. @param topology file of who takes part; the shipped one when absent. */
  async startNetwork(topology?: string): Promise<void> {
    const up = ['up', '--state', this.places.network, ...(topology === undefined ? [] : ['--topology', topology])];
    await command('fl-network', up);
    await command('fl-network', ['deploy', '--state', this.places.network]);
    this.#network = this.#supervise('network', [programs['fl-network'], ...up, '--supervise']);
  }

  /** How an organization's programs reach the network. */
  profile(organization: string): Profile {
    return JSON.parse(readFileSync(this.places.profile(organization), 'utf8')) as Profile;
  }

  /** A key server per site and a quantum link between every two, instead of those that run; ready when every link has keys or was stopped by its own checks. */
  async startKeyServers(eve?: Eavesdropper): Promise<void> {
    await Promise.all([...this.#kmes.values()].map((kme) => kme.stop()));
    this.#kmes.clear();
    const profiles = this.organizations.map((organization) => this.profile(organization));
    const sites = profiles.map(({ mspId, tls }) => ({
      site: mspId, kmeId: `kme-${mspId.toLowerCase()}`, saeIds: [`sae-${mspId.toLowerCase()}`], tls: { ...tls.kme, caFile: tls.caBundleFile },
    }));
    const links = this.organizations.flatMap((alice, at) =>
      this.organizations.slice(at + 1).map((bob) => ({ alice, bob, ...(eve !== undefined && alice === hospitals[0] && bob === hospitals[1] ? { eve: { attack: 'intercept-resend' as const, fraction: eve.interceptFraction } } : {}) })),
    );
    this.#sites = await writeSiteConfigs({ sites, links }, join(this.runFolder, 'sites'));
    for (const site of this.#sites) this.#kmes.set(site.site, this.#supervise(`kme-${site.site}`, [programs['qkd-sim'], 'run', '--config', site.configFile]));
    await until(300_000, 'keys on every link', async () => {
      const links = await this.links();
      return links.every((link) => link.state === 'aborted' || (link.storedKeys > 0 && link.peerStoredKeys > 0)) ? true : undefined;
    });
  }

  /** Status of every link, as Alice's site tells it. */
  async links(): Promise<LinkStatus[]> {
    const all = await Promise.all(this.#sites.map((site) => command<SiteStatus>('qkd-sim', ['status', '--config', site.configFile])));
    return all.flatMap((site) => site.links.filter((link) => link.role === 'alice'));
  }

  /** Writes a worker's configuration. Its address stays the same as long as the network lives, because its record names it. */
  async configureWorker(organization: string, settings: { seed: string; study?: string; data?: Pick<StudyData, 'sites'>; allKeepKeys?: boolean }): Promise<void> {
    const file = this.places.workerConfig(organization);
    const folder = this.places.worker(organization);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const portFile = join(folder, 'port');
    if (!existsSync(portFile)) writeFileSync(portFile, String(await freePort()));
    const port = Number(readFileSync(portFile, 'utf8'));
    const { tls } = this.profile(organization);
    const credentials = { certificate: tls.worker.certificateFile, privateKey: tls.worker.privateKeyFile, ca: tls.caBundleFile };
    const url = this.#sites.find((site) => site.site === organization)?.url;
    const train = settings.data?.sites[organization]?.file;
    writeFileSync(
      file,
      stringify({
        mspId: organization,
        profile: this.places.profile(organization),
        state: join(folder, 'state'),
        ...(settings.study === undefined ? {} : { study: settings.study }),
        ...(train === undefined ? {} : { data: { train, idColumn, consents: join(folder, 'consents.json') } }),
        ...(url === undefined ? {} : { kme: { url, ...credentials, saeId: `sae-${organization.toLowerCase()}` } }),
        blobServer: { host: 'localhost', port, ...credentials, publicUrl: `https://localhost:${port}` },
        seed: settings.seed,
        keepContentKeys: settings.allKeepKeys === true || organization === 'Regulator',
        pollMs: 500,
      }),
    );
  }

  /** Starts the workers; each ends by itself when the study is over. */
  startWorkers(extra: readonly string[] = []): void {
    for (const organization of this.organizations) this.startWorker(organization, extra);
  }

  /** Starts one organization's worker. */
  startWorker(organization: string, extra: readonly string[] = []): void {
    const args = [programs['fl-worker'], 'run', '--config', this.places.workerConfig(organization), ...extra];
    this.#workers.set(organization, this.#supervise(`worker-${organization}`, args, [0, 2, 3, 4]));
  }

  /** Waits for one organization's worker; its exit code. */
  async workerDone(organization: string): Promise<number | undefined> {
    return this.#workers.get(organization)?.ended;
  }

  /** Waits for all workers; their exit codes. */
  async workersDone(): Promise<Record<string, number>> {
    return Object.fromEntries(await Promise.all([...this.#workers].map(async ([organization, worker]) => [organization, await worker.ended] as const)));
  }

  /** Kills one of this run's key servers or workers at once, as a crash would. */
  kill(kind: 'kme' | 'worker', organization: Organization): boolean {
    return (kind === 'kme' ? this.#kmes : this.#workers).get(organization)?.kill() ?? false;
  }

  /** Stops what this run started, the network last. */
  async stop(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
    await Promise.all([...this.#kmes.values()].map((kme) => kme.stop()));
    await this.#network?.stop();
    await command('fl-network', ['down', '--state', this.places.network]);
  }
}
