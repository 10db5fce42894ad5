/** Whether the site's key management entity tells its status as ETSI GS QKD 014 prescribes: the polite part of `etsi-qkd-014 doctor`. */
import { examine, readTlsIdentity } from '@epione/client/etsi-qkd-014';
import type { TlsFiles } from '../site/https.js';

/**
 * Only asks for the status: the other probes take keys, or look like an attack.
 * @param slaves SAE IDs of the sites that share keys with this one.
 * @throws Error naming what deviates, or that the entity is not reached; EtsiQkd014Error BAD_OPTION for unreadable TLS files.
 */
export async function examineStatus({ url, certificate, privateKey, ca }: TlsFiles & { readonly url: string }, slaves: readonly string[]): Promise<string> {
  const tls = await readTlsIdentity({ certificateFile: certificate, privateKeyFile: privateKey, caFile: ca });
  const reports = await Promise.all(slaves.map((slave) => examine({ url, tls, slave, depth: 'status' })));
  const faults = reports.flatMap(({ slave, connection, findings }) =>
    connection === undefined ? [`${slave}: ${findings[0]?.found ?? 'not reached'}`]
    : findings.filter(({ verdict }) => verdict === 'deviates').map(({ clause, name, found }) => `${slave}: ${name} (clause ${clause}): ${found}`));
  if (faults.length > 0) throw new Error(faults.join('; '));
  return slaves.length === 0 ? 'no other site has an SAE' : `tells its status as the standard says, for ${slaves.join(', ')}`;
}
