/** The examination of a server: all probes one after the other, and their report. */
import { randomUUID } from 'node:crypto';
import { checkOptions, type ClientOptions } from '../options.js';
import { Transport, Unanswered, unansweredError, type TlsConnection, type TlsIdentity } from '../transport.js';
import { answerProbes } from './answer-probes.js';
import { Bench, namesIn, type Party } from './bench.js';
import { connectionProbes } from './connection-probes.js';
import { getKeyProbes } from './get-key-probes.js';
import { getKeyWithIdsProbes } from './get-key-with-ids-probes.js';
import { depths, unclear, type Depth, type Outcome, type Probe, type Verdict } from './probe.js';
import { statusProbes } from './status-probes.js';

/** Another SAE's access: its key management entity, its TLS identity, and its SAE ID where that is not the certificate's first name. */
export interface OtherSae {
  readonly url: string;
  readonly tls: TlsIdentity;
  readonly saeId?: string;
}

export interface ExamineOptions extends Omit<ClientOptions, 'deadlineMs' | 'attempts' | 'random'> {
  /** SAE ID of the slave. */
  readonly slave: string;
  /** How far to go. Default `keys`. */
  readonly depth?: Depth;
  /** The slave's own access, for what must hold between both ends. */
  readonly slaveSae?: OtherSae;
  /** An SAE that takes no part, for what it must not get. */
  readonly thirdSae?: OtherSae;
}

/** One line of a report. */
export interface Finding extends Outcome {
  readonly name: string;
  readonly clause: string;
  readonly expectation: string;
}

/** What an examination found. */
export interface Report {
  readonly url: string;
  readonly slave: string;
  /** How the server was reached; absent when it was not. */
  readonly connection?: TlsConnection;
  /** Keys that the server delivered meanwhile; nobody uses them. */
  readonly keysTaken: number;
  readonly counts: Readonly<Record<Verdict, number>>;
  readonly findings: readonly Finding[];
}

const probes: readonly Probe[] = [...connectionProbes, ...statusProbes, ...getKeyProbes, ...getKeyWithIdsProbes, ...answerProbes];

async function outcomeOf(probe: Probe, bench: Bench): Promise<Outcome> {
  try {
    return await probe.run(bench);
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    return unclear(unansweredError(bench.host, error, false).message);
  }
}

/**
 * Asks a server what the standard prescribes, one request at a time. It goes as far as it is told: `status` reads only; `requests` also sends
 * faulty requests and tries to connect without right, which a careful server notices; `keys` also takes up to thirty keys.
 * @throws EtsiQkd014Error BAD_OPTION with all faults.
 */
export async function examine(options: ExamineOptions): Promise<Report> {
  const { slave, depth = 'keys', slaveSae, thirdSae, ...own } = options;
  const { url, tls, kmeId, onClassicalTls, timeoutMs = 10_000, now = Date.now } = checkOptions(own);
  using open = new DisposableStack();
  const transport = (address: string, identity: Partial<TlsIdentity> & Pick<TlsIdentity, 'ca'>): Transport => new Transport({ url: new URL(address), tls: identity, kmeId: address === url ? kmeId : undefined, onClassicalTls, timeoutMs });
  const party = (sae: OtherSae, saeId?: string): Party => {
    checkOptions({ url: sae.url, tls: sae.tls });
    return { saeId: saeId ?? sae.saeId ?? namesIn(sae.tls.cert)[0] ?? '', transport: open.use(transport(sae.url, sae.tls)) };
  };
  const bench = new Bench({
    slaveId: slave, masterNames: namesIn(tls.cert), uuid: randomUUID, now,
    connect: (identity) => transport(url, { ca: tls.ca, ...identity }),
    parties: { master: party({ url, tls }), ...(slaveSae === undefined ? {} : { slave: party(slaveSae, slave) }), ...(thirdSae === undefined ? {} : { third: party(thirdSae) }) },
  });
  const findings: Finding[] = [];
  for (const probe of probes.filter((each) => depths.indexOf(each.depth) <= depths.indexOf(depth))) {
    const { name, clause, expectation } = probe;
    findings.push({ name, clause, expectation, ...await outcomeOf(probe, bench) });
  }
  const count = (verdict: Verdict): number => findings.filter((finding) => finding.verdict === verdict).length;
  const { connection, keysTaken } = bench;
  return {
    url, slave, ...(connection === undefined ? {} : { connection }), keysTaken,
    counts: { conforms: count('conforms'), deviates: count('deviates'), 'could not tell': count('could not tell') }, findings,
  };
}
