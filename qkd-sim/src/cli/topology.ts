/** The command that shows what a topology file makes: who reaches whom, over which nodes, at what price in link key. */
import type { Command } from 'commander';
import { padBytes } from '../relay/hop-cover.js';
import { routesOf } from '../relay/routes.js';
import { type CheckedTopology, checkTopology, readTopology } from '../site/topology.js';
import { command, print, printJson } from './command.js';

const KEY_BYTES = 32;

/** How one site's keys get to another's. */
interface Reach {
  readonly from: string;
  readonly to: string;
  /** Names of sites; one of two is a link, several are combined. */
  readonly paths: readonly (readonly string[])[];
  /** Bits of link key that a key of 256 bits takes, over all links. */
  readonly linkBitsPerKey: number;
}

/** Every two sites with SAEs and the ways between them, none when they cannot be reached. */
export const reachOf = ({ sites, links, disjointPaths }: CheckedTopology): Reach[] => {
  const routes = routesOf(sites, links.map(({ alice, bob }) => [alice, bob]), disjointPaths);
  const nameOf = new Map(sites.map(({ site, kmeId }) => [kmeId, site]));
  const users = sites.filter(({ saeIds }) => saeIds.length > 0);
  return users.flatMap((one, index) => users.slice(index + 1).map((other): Reach => {
    if (links.some(({ alice, bob }) => [alice, bob].includes(one.site) && [alice, bob].includes(other.site))) {
      return { from: one.site, to: other.site, paths: [[one.site, other.site]], linkBitsPerKey: 8 * KEY_BYTES };
    }
    const paths = (routes.get(one.site)?.find(({ kmeId }) => kmeId === other.kmeId)?.paths ?? []).map((path) => path.map((kmeId) => nameOf.get(kmeId) ?? kmeId));
    return { from: one.site, to: other.site, paths, linkBitsPerKey: paths.reduce((sum, path) => sum + 8 * padBytes(KEY_BYTES) * (path.length - 1), 0) };
  }));
};

const line = ({ from, to, paths, linkBitsPerKey }: Reach): string => {
  if (paths.length === 0) return `  ${from} – ${to}: no way`;
  const ways = paths.map((path) => path.join(' > ')).join(' and ');
  return `  ${from} – ${to}: ${paths[0]?.length === 2 ? 'link' : ways}, ${linkBitsPerKey} bits of link key a key`;
};

/** Declares `qkd-sim topology`. */
export const topologyCommands = (program: Command): void => {
  command(program, 'topology', 'Show the links and relayed ways of a topology file.', 'qkd-sim topology --topology topology.yaml')
    .requiredOption('--topology <file>', 'sites and links')
    .option('--json', 'print it as JSON')
    .action(({ topology: file, json }: { topology: string; json?: true }) => {
      const topology = checkTopology(readTopology(file));
      const reach = reachOf(topology);
      const trusted = topology.sites.filter(({ saeIds }) => saeIds.length === 0).map(({ site }) => site);
      const relays = (several: boolean): string[] => [...new Set(reach.filter(({ paths }) => paths.length > 1 === several).flatMap(({ paths }) => paths.flatMap((path) => path.slice(1, -1))))].sort();
      const seeKeys = relays(false);
      const seeShares = relays(true).filter((site) => !seeKeys.includes(site));
      if (json) {
        printJson({ sites: topology.sites.map(({ site, kmeId, saeIds }) => ({ site, kmeId, saeIds })), links: topology.links.map(({ alice, bob, profile }) => ({ alice, bob, profile: profile ?? topology.profile })), trustedNodes: trusted, seeKeys, seeShares, reach });
        return;
      }
      print('Links');
      for (const { alice, bob, profile } of topology.links) print(`  ${alice} (alice) – ${bob} (bob), ${profile ?? topology.profile}`);
      print('Keys');
      for (const one of reach) print(line(one));
      if (seeKeys.length > 0) print(`Sees the keys that it relays: ${seeKeys.join(', ')}.`);
      if (seeShares.length > 0) print(`Sees one share of several of the keys that it relays: ${seeShares.join(', ')}.`);
    });
};
