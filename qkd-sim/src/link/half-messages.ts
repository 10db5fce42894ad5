/** What the threads of a site say to each other. */
import type { MessagePort } from 'node:worker_threads';
import type { QkdErrorCode } from '../error.js';
import type { Eve } from '../optics/eve.js';
import type { ClickBatch } from '../optics/event-sampler.js';
import type { LinkConfig, SiteConfig } from '../config.js';
import type { Split } from '../store/block-store.js';
import type { BlockMade } from './block.js';

/** What the thread of the halves starts with; `optics` leads to the thread of the optics. */
export interface HalvesData {
  readonly site: SiteConfig;
  readonly optics: MessagePort;
}

/** What the thread of the optics starts with; `halves` leads to the thread of the halves. */
export interface OpticsData {
  readonly links: readonly LinkConfig[];
  readonly halves: MessagePort;
}

/** To Alice's half: make one block. */
export interface MakeBlock {
  readonly link: string;
  readonly split: Split;
}

/** From a half: what became of a block. */
export type HalfReport =
  | { readonly kind: 'listening' }
  | { readonly kind: 'refused'; readonly code: QkdErrorCode; readonly message: string; readonly remedy: string | undefined }
  | { readonly kind: 'begun'; readonly link: string }
  | { readonly kind: 'made'; readonly link: string; readonly block: BlockMade }
  | { readonly kind: 'unreachable'; readonly link: string; readonly reason: string }
  | { readonly kind: 'failed'; readonly link: string; readonly failure: 'abort' | 'drop'; readonly reason: string; readonly qber?: number };

/** From a half that runs. */
export type LinkReport = Extract<HalfReport, { link: string }>;

/** To the optics of a link: the next batch of a run, or what Eve does from now on. */
export interface NextBatch {
  readonly link: string;
  readonly run: number;
}
export interface SetEve {
  readonly link: string;
  readonly eve: Eve;
}

/** From the optics: Alice's settings, or why there are none. */
export type BatchAnswer =
  | { readonly link: string; readonly settings: ClickBatch }
  | { readonly link: string; readonly fault: string };
