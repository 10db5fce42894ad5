/**
 * The watch of one organization over its blocks: it tells each peer organization the header hashes that it holds, under tags by
 * QKD keys, holds theirs against its own, and raises an alarm where they differ. It only reaches out and never serves.
 */
import { BLOCKS_A_TAG, CodedError, isGenuineBlockTag, readBlockTag, tagBlocks, type BlockTag } from '@epione/protocol';
import { EtsiQkd014Error, type EtsiQkd014Code } from '../etsi-qkd-014/index.js';
import { Alarms, type Alarm } from './alarms.js';
import { ChainCopy, type BlockFeed } from './chain-copy.js';
import { QuantumError } from './error.js';
import type { KeyUse } from './key-book.js';
import type { OneTimeKeys } from './one-time-keys.js';
import type { TagFolder, TagSource } from './tag-folder.js';

/** What a watch is set up with. */
export interface WatchSetting {
  /** SAE ID of this organization. */
  readonly own: string;
  /** SAE IDs of the peer organizations, and where each one's messages are; `folder` where nothing else is named. */
  readonly peers: ReadonlyMap<string, TagSource | undefined>;
  /** Keys, and the book in whose database the watch keeps what it knows. */
  readonly keys: OneTimeKeys;
  /** Where the own messages go. */
  readonly folder: TagFolder;
  /** How long a peer may say nothing genuine about a block that is there, ms. */
  readonly silentMs: number;
  /** ms since 1970 UTC. */
  readonly now: () => number;
}

/** What one pass did. */
export interface Pass {
  /** Number of blocks that the own peer gave and that fit. */
  readonly height: number;
  /** Messages tagged and checked in this pass. */
  readonly told: number;
  readonly heard: number;
  /** By peer: number of blocks, from block 0 on, up to which its word is the same as ours. */
  readonly agreed: Readonly<Record<string, number>>;
  /** Of this pass and those before, until they are acknowledged. */
  readonly alarms: readonly Alarm[];
  /** Bits of key that served in the last hour. */
  readonly keyBitsLastHour: readonly KeyUse[];
}

const hourMs = 3_600_000;
/** How many of its latest messages a watch keeps in their place. */
const putAgain = 100;
/** How many messages that are not genuine it passes over, in the hope of one that is. */
const lookAhead = 10;

const tables = `
  CREATE TABLE IF NOT EXISTS told (peer TEXT NOT NULL, sequence INTEGER NOT NULL, next INTEGER NOT NULL, message TEXT NOT NULL, PRIMARY KEY (peer, sequence)) STRICT;
  CREATE TABLE IF NOT EXISTS heard (peer TEXT PRIMARY KEY, sequence INTEGER NOT NULL, agreed INTEGER NOT NULL, time INTEGER NOT NULL) STRICT;
`;

/** What a key management entity says of a key_ID that it will not deliver however often it is asked. */
const refused: ReadonlySet<EtsiQkd014Code> = new Set(['NOT_FOUND', 'NOT_ENTITLED', 'BAD_REQUEST', 'KEYS_MAY_BE_LOST']);

/** Where a peer stands: the next message expected of it, up to which block it agrees, when it was last heard. */
interface Heard {
  readonly sequence: number;
  readonly agreed: number;
  readonly time: number;
}

export class BlockWatch {
  readonly #setting: WatchSetting;
  readonly #copy: ChainCopy;
  readonly #alarms: Alarms;

  constructor(setting: WatchSetting) {
    const { database } = setting.keys.book;
    this.#setting = setting;
    database.exec(tables);
    this.#copy = new ChainCopy(database, setting.now);
    this.#alarms = new Alarms(database, setting.now);
    for (const peer of setting.peers.keys()) database.prepare('INSERT OR IGNORE INTO heard VALUES (?, 0, 0, ?)').run(peer, setting.now());
  }

  /** A person has seen the alarms that there are. They are not raised again. */
  acknowledge(): void {
    this.#alarms.acknowledge();
  }

  /** Follows the own peer, tells the others, hears them. @throws CodedError of the ledger; Error when the folder cannot be used. */
  async pass(feed: BlockFeed): Promise<Pass> {
    const { own, peers, keys, folder } = this.#setting;
    const broken = await this.#copy.follow(feed);
    if (broken !== undefined) this.#alarms.raise('REWRITTEN', own, `block ${broken.block} ${broken.reason}`);
    let [told, heard] = [0, 0];
    for (const [peer, source] of peers) {
      told += await this.#tell(feed.channel, peer);
      heard += await this.#hear(feed.channel, peer, source ?? folder);
    }
    return {
      height: this.#copy.height, told, heard,
      agreed: Object.fromEntries([...peers.keys()].map((peer) => [peer, this.#heard(peer).agreed])),
      alarms: this.#alarms.open,
      keyBitsLastHour: keys.book.used(hourMs),
    };
  }

  /** Tags what a peer has not been told, and puts it where the peer looks: kept before it leaves, and put there again where it was lost. */
  async #tell(channel: string, peer: string): Promise<number> {
    const { own, keys, folder } = this.#setting;
    const { database } = keys.book;
    const recent = database.prepare('SELECT sequence, next, message FROM told WHERE peer = ? ORDER BY sequence DESC LIMIT ?').all(peer, putAgain);
    for (const { sequence, message } of recent) {
      if ((await folder.get(own, peer, Number(sequence))) === undefined) await folder.put(own, peer, Number(sequence), String(message));
    }
    const { sequence: last = -1, next = 0 } = recent[0] ?? {};
    for (let [sequence, first, told] = [Number(last) + 1, Number(next), 0]; ; sequence++, told++) {
      const hashes = this.#copy.hashes(first, BLOCKS_A_TAG);
      if (hashes.length === 0) return told;
      try {
        const message = JSON.stringify(tagBlocks({ channel, from: own, to: peer, sequence, first, hashes }, await keys.take(peer, 'blocks')));
        first += hashes.length;
        database.prepare('INSERT INTO told VALUES (?, ?, ?, ?)').run(peer, sequence, first, message);
        await folder.put(own, peer, sequence, message);
      } catch (error) {
        if (!(error instanceof QuantumError)) throw error;
        this.#alarms.raise('NO_KEYS', peer, `blocks from ${first} on are not tagged yet: ${error.code}`);
        return told;
      }
    }
  }

  #heard(peer: string): Heard {
    const row = this.#setting.keys.book.database.prepare('SELECT sequence, agreed, time FROM heard WHERE peer = ?').get(peer) ?? {};
    return { sequence: Number(row['sequence']), agreed: Number(row['agreed']), time: Number(row['time']) };
  }

  #remember(peer: string, { sequence, agreed, time }: Heard): void {
    this.#setting.keys.book.database.prepare('UPDATE heard SET sequence = ?, agreed = ?, time = ? WHERE peer = ?').run(sequence, agreed, time, peer);
  }

  /** Checks all that a peer has said since the last pass. */
  async #hear(channel: string, peer: string, source: TagSource): Promise<number> {
    const { keys, silentMs, now } = this.#setting;
    for (let checked = 0; ; checked++) {
      const heard = this.#heard(peer);
      const message = await this.#next(channel, peer, heard.sequence, source);
      if (message === undefined) {
        const since = Math.max(heard.time, this.#copy.seenAt(heard.agreed) ?? Infinity);
        if (now() - since > silentMs) this.#alarms.raise('SILENT', peer, `nothing genuine since ${new Date(since).toISOString()}; block ${heard.agreed} and those behind it are not confirmed`);
        return checked;
      }
      const end = message.first + message.hashes.length;
      const waits = end > this.#copy.height;
      const agreed = this.#agrees(peer, message) ? Math.max(heard.agreed, Math.min(this.#copy.height, end)) : heard.agreed;
      this.#remember(peer, { sequence: message.sequence + (waits ? 0 : 1), agreed, time: now() });
      // A message that is ahead of the own peer is held against the rest later.
      if (waits) return checked;
      keys.book.finish(peer, message.key);
    }
  }

  /** The next genuine message: the one expected or, where its key was lost or a wrong file lies in its place, a later one, whose headers lead back to the same blocks. */
  async #next(channel: string, peer: string, expected: number, source: TagSource): Promise<BlockTag | undefined> {
    for (let sequence = expected; sequence < expected + lookAhead; sequence++) {
      const text = await source.get(peer, this.#setting.own, sequence);
      if (text === undefined) return undefined;
      const message = await this.#genuine(channel, peer, sequence, text);
      if (message !== undefined) return message;
    }
    return undefined;
  }

  /** The message, where it is the peer's; an alarm where it is not. */
  async #genuine(channel: string, peer: string, sequence: number, text: string): Promise<BlockTag | undefined> {
    const { own, keys } = this.#setting;
    try {
      const message = readBlockTag(JSON.parse(text));
      const addressed = message.channel === channel && message.from === peer && message.to === own && message.sequence === sequence;
      if (addressed && isGenuineBlockTag(message, await keys.copy(peer, message.key, 'blocks'))) return message;
      this.#alarms.raise('FORGED', peer, `message ${sequence} is not what it sent: BAD_TAG`);
    } catch (error) {
      if (!(error instanceof QuantumError && error.code === 'KEY_UNAVAILABLE')) this.#alarms.raise('FORGED', peer, `message ${sequence} is not what it sent: ${error instanceof CodedError ? String(error.code) : 'BAD_JSON'}`);
      // An entity that is away is waited for: it may deliver later, and silence is told.
      else if (error.cause instanceof EtsiQkd014Error && refused.has(error.cause.code)) this.#alarms.raise('UNKNOWN_KEY', peer, `message ${sequence}: ${error.cause.code}`);
    }
    return undefined;
  }

  /** Holds a peer's word against the own copy, as far as that goes. */
  #agrees(peer: string, { first, hashes }: BlockTag): boolean {
    const own = this.#copy.hashes(first, hashes.length);
    const at = own.findIndex((hash, place) => hash !== hashes[place]);
    // Once the chains have parted, every later block differs too.
    if (at >= 0 && !this.#alarms.has('DIFFERENT', peer)) this.#alarms.raise('DIFFERENT', peer, `block ${first + at}: ${peer} holds ${hashes[at] ?? ''}, the own peer gave ${own[at] ?? ''}`);
    return at < 0;
  }
}
