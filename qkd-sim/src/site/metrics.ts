/** A site's links as a page of metrics in Prometheus' text format (version 0.0.4): numbers and names, never keys. */
import type { SiteStatus } from './site-status.js';
import type { LinkStatus } from '../kme/link-status.js';

/** A metric with its samples of one link; several are told apart by `direction`. */
interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly of: (link: LinkStatus) => number | undefined | Readonly<Record<string, number>>;
}

const metrics: readonly Metric[] = [
  { name: 'link_up', type: 'gauge', help: 'Whether the link delivers keys: 0 while it is aborted.', of: ({ state }) => (state === 'aborted' ? 0 : 1) },
  { name: 'link_health', type: 'gauge', help: 'How a link is: 3 ok, 2 degraded (its last block failed), 1 empty, 0 failed.', of: ({ health }) => ({ ok: 3, degraded: 2, empty: 1, failed: 0 })[health] },
  { name: 'authentication_attempts', type: 'gauge', help: 'Blocks for which there is authentication key; the last 4 need the word of the operator.', of: ({ attemptsLeft }) => attemptsLeft },
  { name: 'leaked_bits_total', type: 'counter', help: 'Sifted bits booked as leaked from the device of Alice.', of: ({ leakedBits }) => leakedBits },
  { name: 'qber', type: 'gauge', help: 'Quantum bit error rate of the last block, 0 to 1.', of: ({ qber }) => qber },
  { name: 'chsh', type: 'gauge', help: "S of Bell's inequality in the last block of a link with entangled photons; above 2 they are entangled.", of: ({ chsh }) => chsh },
  { name: 'max_qber', type: 'gauge', help: 'QBER above which a block is refused and the link stops.', of: ({ maxQber }) => maxQber },
  { name: 'loss_db', type: 'gauge', help: 'Loss of the channel in dB.', of: ({ lossDb }) => lossDb },
  { name: 'key_rate_bits_per_second', type: 'gauge', help: 'Secret bits of the last block by the time it took on the emulated link.', of: ({ keyRateBps }) => keyRateBps },
  { name: 'stored_keys', type: 'gauge', help: 'Keys of 256 bits ready: out for masters of this site, in for those of the other.', of: ({ storedKeys, peerStoredKeys }) => ({ out: storedKeys, in: peerStoredKeys }) },
  { name: 'blocks_total', type: 'counter', help: 'Blocks made.', of: ({ blocks }) => blocks },
  { name: 'aborts_total', type: 'counter', help: 'Blocks refused because the channel was not safe.', of: ({ aborts }) => aborts },
  { name: 'drops_total', type: 'counter', help: 'Blocks that failed on the way.', of: ({ drops }) => drops },
  { name: 'sifted_bits_total', type: 'counter', help: 'Sifted bits.', of: ({ siftedBits }) => siftedBits },
  { name: 'secret_bits_total', type: 'counter', help: 'Secret bits made.', of: ({ secretBits }) => secretBits },
  { name: 'authentication_bits_total', type: 'counter', help: 'Secret bits used up by the link itself.', of: ({ authenticationBits }) => authenticationBits },
  { name: 'delivered_bits_total', type: 'counter', help: 'Secret bits given a key_ID, in both directions.', of: ({ usedBits }) => usedBits },
  { name: 'burnt_bits_total', type: 'counter', help: 'Secret bits lost: rests too small for a key, and keys that could not be given out.', of: ({ burntBits }) => burntBits },
  { name: 'running_epsilon', type: 'gauge', help: 'Epsilons of all blocks, summed.', of: ({ epsilon }) => epsilon },
];

/** The page of a site and its links. */
export const metricsPage = ({ links, randomness }: SiteStatus): string => {
  const lines = metrics.flatMap(({ name, type, help, of }) => {
    const full = `epione_qkd_${name}`;
    const samples = links.flatMap((link) => {
      // Names of links and key entities hold letters, digits, dots, dashes and underscores: nothing to escape.
      const labels = `link="${link.name}",peer="${link.peerKmeId}"`;
      const value = of(link);
      if (value === undefined) return [];
      if (typeof value === 'number') return [`${full}{${labels}} ${value}`];
      return Object.entries(value).map(([direction, count]) => `${full}{${labels},direction="${direction}"} ${count}`);
    });
    return [`# HELP ${full} ${help}`, `# TYPE ${full} ${type}`, ...samples];
  });
  const source = 'epione_qkd_random_source_up';
  lines.push(
    `# HELP ${source} Whether the random source has passed its tests: 0 from a failure until the site is restarted; no key is given out.`,
    `# TYPE ${source} gauge`, `${source} ${randomness.failure === undefined ? 1 : 0}`,
  );
  return `${lines.join('\n')}\n`;
};
