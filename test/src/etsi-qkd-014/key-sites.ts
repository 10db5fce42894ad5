/** Sites of the emulator as real processes, a link between every two. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EtsiQkd014Client, type ClientFiles } from '@epione/client/etsi-qkd-014';
import { createAuthority, issueCertificate, validFor } from '@epione/network';
import { writeSiteConfigs, type WrittenSite } from '@epione/qkd-sim';
import { programs } from '../study/command.js';

/** The SAEs. */
export type SaeId = 'sae-a' | 'sae-b' | 'sae-c';
/** At which site an SAE is, and the SAEs with which it waits for keys. */
export type Layout = Readonly<Record<SaeId, { readonly site: string; readonly peers: readonly SaeId[] }>>;

export interface KeySites extends AsyncDisposable {
  readonly folder: string;
  /** The key server of an SAE, and the SAE's files. */
  readonly access: Readonly<Record<SaeId, Pick<ClientFiles, 'url' | 'certificateFile' | 'privateKeyFile' | 'caFile'>>>;
  /** Waits until so many keys are stored at both ends of every link that is waited for. */
  readonly stored: (least: number) => Promise<void>;
}

/** Two sites: `sae-a` at one, `sae-b` and `sae-c` at the other. */
export const pair: Layout = { 'sae-a': { site: 'a', peers: ['sae-b'] }, 'sae-b': { site: 'b', peers: ['sae-a'] }, 'sae-c': { site: 'b', peers: [] } };
/** A site each. */
export const triangle: Layout = { 'sae-a': { site: 'a', peers: ['sae-b', 'sae-c'] }, 'sae-b': { site: 'b', peers: ['sae-a', 'sae-c'] }, 'sae-c': { site: 'c', peers: ['sae-a', 'sae-b'] } };

/** TLS files in a folder under one authority. */
async function issueFiles(folder: string, names: readonly string[]): Promise<(name: string) => Pick<ClientFiles, 'certificateFile' | 'privateKeyFile' | 'caFile'>> {
  const validity = validFor(1, new Date());
  const authority = await createAuthority('test authority', 'Test', validity);
  const file = (name: string): string => join(folder, name);
  writeFileSync(file('ca.pem'), authority.certificate);
  for (const name of names) {
    const issued = await issueCertificate(authority, { commonName: name, organization: 'Test', use: { kind: 'tls', dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] }, validity });
    writeFileSync(file(`${name}.pem`), issued.certificate);
    writeFileSync(file(`${name}.key`), issued.privateKey, { mode: 0o600 });
  }
  return (name) => ({ certificateFile: file(`${name}.pem`), privateKeyFile: file(`${name}.key`), caFile: file('ca.pem') });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Starts the sites, and waits for their first keys. */
export async function startKeySites(layout: Layout = pair): Promise<KeySites> {
  const folder = mkdtempSync(join(tmpdir(), 'epione-key-sites-'));
  const ends = Object.entries(layout) as [SaeId, Layout[SaeId]][];
  const names = [...new Set(ends.map(([, { site }]) => site))];
  const files = await issueFiles(folder, [...names.map((site) => `kme-${site}`), ...ends.map(([id]) => id)]);
  const sites = await writeSiteConfigs({
    sites: names.map((site) => ({ site, kmeId: `kme-${site}`, saeIds: ends.filter(([, end]) => end.site === site).map(([id]) => id), tls: files(`kme-${site}`) })),
    profile: 'metro-10dB-short', refillBelowKeys: 200,
  }, folder);
  // Keys by SKIP too, from the same pools.
  for (const { configFile } of sites) appendFileSync(configFile, 'skip: true\n');
  const urlOf = (name: string): string => sites.find(({ site }: WrittenSite) => site === name)?.url ?? '';
  const access = Object.fromEntries(ends.map(([id, { site }]) => [id, { url: urlOf(site), ...files(id) }])) as KeySites['access'];
  const log = openSync(join(folder, 'log'), 'w');
  const processes = sites.map(({ configFile }) => spawn(process.execPath, [programs['qkd-sim'], 'run', '--config', configFile], { stdio: ['ignore', log, log] }));
  closeSync(log);
  const stored = async (least: number): Promise<void> => {
    for (const [id, peer] of ends.flatMap(([from, { peers }]) => peers.map((to) => [from, to] as const))) {
      using client = await EtsiQkd014Client.open({ ...access[id], attempts: 1 });
      for (let tries = 0; ; tries++) {
        const count = await client.status(peer).then((status) => status.stored_key_count, () => 0);
        if (count >= least) break;
        if (tries === 600) throw new Error(`${count} keys are stored for ${id} with ${peer}, not ${least}: ${readFileSync(join(folder, 'log'), 'utf8').split('\n').slice(-5).join('\n')}`);
        await pause(100);
      }
    }
  };
  const sitesUp = {
    folder, access, stored,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(processes.map(stop));
      rmSync(folder, { recursive: true });
    },
  };
  await stored(60).catch(async (error: unknown) => {
    await sitesUp[Symbol.asyncDispose]();
    throw error;
  });
  return sitesUp;
}
