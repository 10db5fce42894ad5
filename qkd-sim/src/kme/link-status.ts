/** A link as its site shows it to operators. */
import type { Eve } from '../optics/eve.js';
import type { LinkCounters } from '../store/link-records.js';

/** What a link does now: nothing, make a block, wait after a failure, or refuse because it is not safe. */
export type LinkState = 'idle' | 'distilling' | 'waiting' | 'aborted';

/** Fit; degraded when the last block failed, though there are keys; empty when there are none now; failed when none are given out. */
export type LinkHealth = 'ok' | 'degraded' | 'empty' | 'failed';

/** State and counters of a link. Bits unless the name says otherwise; ratios 0 to 1. */
export interface LinkStatus extends Omit<LinkCounters, 'aborted'> {
  readonly name: string;
  readonly role: 'alice' | 'bob';
  readonly peerKmeId: string;
  readonly profile: string;
  /** Loss of the channel in dB; of a satellite at the highest point of a pass. */
  readonly lossDb: number;
  /** QBER above which a block is refused and the link stops. */
  readonly maxQber: number;
  /** S of Bell's inequality in the last block since the site started, of a link with entangled photons; above 2 they are. */
  readonly chsh: number | undefined;
  readonly state: LinkState;
  readonly health: LinkHealth;
  /** Why the link is stopped. */
  readonly reason: string | undefined;
  /** Keys of 256 bits ready for this site's SAEs as masters, and for the other site's. */
  readonly storedKeys: number;
  readonly peerStoredKeys: number;
  /** What Eve does, at the site of the optics; undefined at Bob's. */
  readonly eve: Eve | undefined;
}
