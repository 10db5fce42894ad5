/** What the threads of a site say to each other. */
import type { MessagePort } from 'node:worker_threads';
import type { QkdErrorCode } from '../error.js';
import type { Eve } from '../optics/eve.js';
import type { LinkConfig, SiteConfig } from '../config.js';
import type { Split } from '../store/block-store.js';
import type { SourceFault } from '../randomness/quantum-source.js';
import type { AliceBatch } from './alice.js';
import type { BlockMade } from './block.js';
import type { Endpoint } from './socket.js';

/** What the thread of the halves starts with; `optics` leads to the thread of the optics. */
export interface HalvesData {
  readonly site: SiteConfig;
  /** 32 bytes from which everything here is drawn, for a study that is to be repeated; absent, the system's randomness. */
  readonly seed?: Uint8Array;
  readonly optics: MessagePort;
}

/** What the thread of the optics starts with; `halves` leads to the thread of the halves. */
export interface OpticsData {
  readonly links: readonly LinkConfig[];
  readonly halves: MessagePort;
}

/** To a half: make a block, find Bob elsewhere (where Eve is), go below the floor once. */
export type HalfRequest =
  | { readonly kind: 'make'; readonly link: string; readonly split: Split }
  | { readonly kind: 'route'; readonly link: string; readonly classical: Endpoint | undefined }
  | { readonly kind: 'resume'; readonly link: string };

/** To each thread: what is wrong with its random source from now on. */
export interface SetSource {
  readonly kind: 'source';
  readonly fault: SourceFault;
}

/** From each thread: its random source has failed for good. */
export interface SourceFailed {
  readonly kind: 'source-failed';
  readonly reason: string;
}

/** From a half: what became of a block. */
export type HalfReport =
  | SourceFailed
  | { readonly kind: 'listening' }
  | { readonly kind: 'refused'; readonly code: QkdErrorCode; readonly message: string; readonly remedy: string | undefined }
  | { readonly kind: 'begun'; readonly link: string }
  | { readonly kind: 'made'; readonly link: string; readonly block: BlockMade }
  | { readonly kind: 'unreachable'; readonly link: string; readonly reason: string }
  | { readonly kind: 'failed'; readonly link: string; readonly failure: 'abort' | 'drop'; readonly reason: string; readonly qber?: number };

/** From a half that runs. */
export type LinkReport = Extract<HalfReport, { link: string }>;

/** To the optics of a link: the next batch of a run. */
export interface NextBatch {
  readonly link: string;
  readonly run: number;
}

/** To the optics of a link: what Eve does from now on; and the answer, with where Alice finds her in Bob's place. */
export interface SetEve {
  readonly kind: 'eve';
  readonly link: string;
  readonly eve: Eve;
}
export interface EveSet {
  readonly kind: 'eve-set';
  readonly link: string;
  readonly classical: Endpoint | undefined;
}

/** From the optics: what Alice's device tells of a batch, or why there is none. */
export type BatchAnswer =
  | ({ readonly link: string } & AliceBatch)
  | { readonly link: string; readonly fault: string };
