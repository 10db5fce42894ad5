/** How soon a pair of sites delivers its first key: two real processes from an empty folder, asked over ETSI GS QKD 014. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAuthority, issueCertificate, validFor } from '@epione/network';
import { writeSiteConfigs } from '@epione/qkd-sim';
import { programs } from '../../study/command.js';
import { against, type Figure } from '../figure.js';

/** Seconds that we want. */
const goal = 1;
const timeoutMs = 120_000;

/** Asks once; the number of keys that came, 0 while there is no server or no key. */
async function keysFrom(url: string, agent: Agent): Promise<number> {
  return new Promise((resolve) => {
    const sent = request(url, { agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve(response.statusCode === 200 ? (JSON.parse(Buffer.concat(chunks).toString()) as { keys: unknown[] }).keys.length : 0);
      });
    });
    sent.on('error', () => { resolve(0); });
    sent.end();
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** Seconds from the start of two sites to the first key. @throws Error when a site ends, or no key comes within two minutes */
async function firstKeySeconds(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'epione-first-key-'));
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
  const written = await writeSiteConfigs({ sites: [await site('north'), await site('south')] }, join(folder, 'sites'));
  const sae = await certificates('sae-north');
  const agent = new Agent({ cert: sae.certificate, key: sae.privateKey, ca: authority.certificate, keepAlive: true });
  const url = `${written[0]?.url ?? ''}/api/v1/keys/sae-south/enc_keys`;
  const begun = performance.now();
  const sites = written.map(({ configFile }) => spawn(process.execPath, [programs['qkd-sim'], 'run', '--config', configFile], { stdio: 'ignore' }));
  try {
    while ((await keysFrom(url, agent)) === 0) {
      const ended = sites.find(({ exitCode }) => exitCode !== null);
      if (ended !== undefined) throw new Error(`a site ended with exit code ${ended.exitCode}`);
      if (performance.now() - begun > timeoutMs) throw new Error('no key within two minutes');
      await sleep(10);
    }
    return (performance.now() - begun) / 1000;
  } finally {
    agent.destroy();
    await Promise.all(sites.map(stop));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The first key of sites that start with nothing but their shared secret. */
export async function firstKeyFigures(runs: number): Promise<Figure[]> {
  const seconds: number[] = [];
  for (let run = 0; run < runs; run++) seconds.push(await firstKeySeconds());
  return [against('qkd.firstKey', 's', seconds, goal)];
}
