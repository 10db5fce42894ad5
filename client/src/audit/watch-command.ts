/** The command `fl-audit watch-blocks`: the watch over the blocks that this organization's peer gives, with its peers and under QKD keys. */
import process from 'node:process';
import { setTimeout as after } from 'node:timers/promises';
import { CodedError } from '@epione/protocol';
import { Command, InvalidArgumentError, Option } from 'commander';
import { EtsiQkd014Client, readTlsIdentity } from '../etsi-qkd-014/index.js';
import { readEvidence } from '../evidence/evidence.js';
import { connect } from '../ledger/connect.js';
import { UsageError } from '../ledger/faults.js';
import { readProfile, type IdentityName } from '../ledger/profile.js';
import { BlockWatch, type Pass } from '../quantum/block-watch.js';
import type { BlockFeed } from '../quantum/chain-copy.js';
import { KeyBook, openBook } from '../quantum/key-book.js';
import { OneTimeKeys } from '../quantum/one-time-keys.js';
import { TagFolder } from '../quantum/tag-folder.js';
import { TagSite } from '../quantum/tag-site.js';

/** Where results and remarks go. */
type Output = Readonly<Record<'out' | 'note', (text: string) => void>>;

interface WatchFlags {
  readonly profile?: string;
  readonly identity: IdentityName;
  readonly evidence?: string;
  readonly sae: string;
  readonly peer: readonly string[];
  readonly url: string;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly folder: string;
  readonly store: string;
  readonly every: number;
  readonly silent: number;
  readonly acknowledge?: true;
  readonly once?: true;
  readonly json?: true;
}

/** What is watched: a channel, or an exported folder. */
interface Watched extends Disposable {
  readonly feed: BlockFeed;
}

const identities = ['auditor', 'operator', 'officer', 'worker', 'admin'];
const bitsAnHour = (everySeconds: number): number => Math.ceil(3600 / everySeconds) * 256;

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It must be an integer from 1.');
  return value;
}

/** `SAE`, or `SAE=https://…`. */
function readPeer(text: string): { readonly sae: string; readonly url?: string } {
  const at = text.indexOf('=https://');
  return at < 0 ? { sae: text } : { sae: text.slice(0, at), url: text.slice(at + 1) };
}

/** @throws UsageError unless exactly one is named; CodedError. */
async function openWatched({ profile, evidence, identity }: WatchFlags): Promise<Watched> {
  if (profile !== undefined && evidence === undefined) {
    const ledger = await connect(await readProfile(profile), { identity });
    return { feed: ledger, [Symbol.dispose]: () => { ledger[Symbol.dispose](); } };
  }
  if (evidence === undefined || profile !== undefined) throw new UsageError('give either --profile FILE or --evidence DIR');
  const { channel, blocks } = await readEvidence(evidence);
  return {
    feed: { channel, async *blocks(from) { for (const [at, bytes] of blocks.slice(from).entries()) yield await Promise.resolve({ number: from + at, bytes }); } },
    [Symbol.dispose]: () => undefined,
  };
}

/** A pass in one line, and an alarm in one more. */
function lines({ height, told, heard, agreed, alarms, keyBitsLastHour }: Pass): string {
  const agreements = Object.entries(agreed).map(([peer, blocks]) => `${peer} agrees on ${blocks}`).join(', ');
  const bits = keyBitsLastHour.reduce((sum, use) => sum + use.bits, 0);
  return [`${height} blocks; ${agreements}; ${told} tagged, ${heard} checked; ${bits} bits of key in the last hour`, ...alarms.map(({ kind, peer, sentence }) => `ALARM ${kind} ${peer}: ${sentence}`)].join('\n');
}

/** Watches until the signal, or once. @returns whether there are alarms. */
async function watchBlocks(flags: WatchFlags, { out, note }: Output, signal: AbortSignal): Promise<boolean> {
  using watched = await openWatched(flags);
  const tls = await readTlsIdentity({ certificateFile: flags.cert, privateKeyFile: flags.key, caFile: flags.ca });
  using client = new EtsiQkd014Client({ url: flags.url, tls });
  using sites = new DisposableStack();
  const peers = new Map(flags.peer.map(readPeer).map(({ sae, url }) => [sae, url === undefined ? undefined : sites.use(new TagSite(url, tls))]));
  using database = openBook(flags.store);
  const keys = new OneTimeKeys(client, new KeyBook(database, Date.now));
  const watch = new BlockWatch({ own: flags.sae, peers, keys, folder: new TagFolder(flags.folder), silentMs: flags.silent * 1000, now: Date.now });
  if (flags.acknowledge === true) watch.acknowledge();
  const budget = bitsAnHour(flags.every);
  if (flags.once === undefined && flags.json === undefined) note(`at most ${budget} bits of key an hour to each of ${peers.size} peers, and as many from each`);
  for (;;) {
    const pass = await watch.pass(watched.feed).catch((error: unknown) => {
      if (flags.once === true || !(error instanceof CodedError && error.code === 'UNAVAILABLE')) throw error;
      note(error.message);
      return undefined;
    });
    if (pass !== undefined) out(flags.json === true ? JSON.stringify({ ...pass, mostKeyBitsAnHour: budget }) : lines(pass));
    if (flags.once === true || signal.aborted) return (pass?.alarms.length ?? 0) > 0;
    await after(flags.every * 1000, undefined, { signal }).catch(() => undefined);
  }
}

/** The command. @param alarmed told at the end whether there are alarms. */
export const watchCommand = (output: Output, alarmed: (any: boolean) => void): Command =>
  new Command('watch-blocks')
    .description('hold the own peer\'s blocks against those of other organizations, by tags under QKD keys; exit 1 while there are alarms that nobody has acknowledged')
    .addHelpText('before', 'Example: fl-audit watch-blocks --profile HospitalA.json --url https://kme:8443 --cert sae.pem --key sae.key --ca ca.pem --sae sae-hospitala --peer sae-hospitalb=https://epione.hospital-b:7443 sae-regulator=https://epione.regulator:7443 --folder /var/lib/epione/tags --store watch.db\n')
    .option('--profile <file>', 'connection profile of a running channel')
    .addOption(new Option('--identity <name>', 'which identity of the profile asks').choices(identities).default('auditor'))
    .option('--evidence <dir>', 'folder written by fl-audit export, instead of a channel')
    .requiredOption('--url <address>', 'address of the key management entity, https://HOST:PORT')
    .requiredOption('--cert <file>', 'certificate of this SAE, PEM')
    .requiredOption('--key <file>', 'its private key, PEM')
    .requiredOption('--ca <file>', 'authorities whose key management entities are trusted, PEM')
    .requiredOption('--sae <id>', 'this organization\'s SAE ID')
    .requiredOption('--peer <ids...>', 'SAE IDs of the other organizations, told by them and not by the ledger; SAE=https://HOST:PORT where its worker serves its messages')
    .requiredOption('--folder <dir>', 'folder for tagged messages: tags in the worker\'s state folder, which it serves, or one that all see')
    .requiredOption('--store <file>', 'what this watch knows: blocks, messages, keys in use, alarms; kept over restarts')
    .option('--every <seconds>', 'time between two looks', seconds, 60)
    .option('--silent <seconds>', 'how long a peer may leave a block unconfirmed', seconds, 600)
    .option('--acknowledge', 'the alarms so far have been seen: tell new ones only')
    .option('--once', 'look once')
    .option('--json', 'one line of JSON a look')
    .action(async (flags: WatchFlags) => {
      const stop = new AbortController();
      const end = (): void => { stop.abort(); };
      process.once('SIGINT', end).once('SIGTERM', end);
      try {
        alarmed(await watchBlocks(flags, output, stop.signal));
      } finally {
        process.off('SIGINT', end).off('SIGTERM', end);
      }
    });
