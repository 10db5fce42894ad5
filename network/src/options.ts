/** What every command needs. */
import type { Report } from './progress.js';
import type { Topology } from './topology.js';

export interface NetworkOptions {
  /** The folder that holds all of this network. */
  readonly stateDir: string;
  /** `up` makes a network of this topology, the shipped one when absent; other commands refuse a state of another. */
  readonly topology?: Topology;
  /** Told of every longer step. */
  readonly report?: Report;
}
