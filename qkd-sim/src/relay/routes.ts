/** Who reaches whom over trusted nodes: the paths of a topology, the same for both ends. */
import { type Links, disjointPaths } from './paths.js';

/** A site as routes see it. One without SAEs is a trusted node only. */
export interface RoutedSite {
  readonly site: string;
  readonly kmeId: string;
  readonly saeIds: readonly string[];
}

/** The paths from one site to another: KME IDs, both ends included. A key is the XOR of what comes by all of them. */
export interface Route {
  readonly kmeId: string;
  readonly saeIds: string[];
  readonly paths: string[][];
}

/**
 * The routes of every site by its name, between sites that both have SAEs and share no link.
 * @param count how many paths without a common node are combined, if there are as many
 */
export const routesOf = (sites: readonly RoutedSite[], links: Links, count: number): ReadonlyMap<string, Route[]> => {
  const routes = new Map<string, Route[]>(sites.map(({ site }) => [site, []]));
  const kmeOf = new Map(sites.map(({ site, kmeId }) => [site, kmeId]));
  const linked = (a: string, b: string): boolean => links.some((link) => link.includes(a) && link.includes(b));
  const users = sites.filter(({ saeIds }) => saeIds.length > 0);
  for (const [index, one] of users.entries()) {
    for (const other of users.slice(index + 1)) {
      const found = linked(one.site, other.site) ? [] : disjointPaths(links, one.site, other.site, count);
      if (found.length === 0) continue;
      const paths = found.map((path) => path.map((site) => kmeOf.get(site) ?? ''));
      routes.get(one.site)?.push({ kmeId: other.kmeId, saeIds: [...other.saeIds], paths });
      routes.get(other.site)?.push({ kmeId: one.kmeId, saeIds: [...one.saeIds], paths: paths.map((path) => [...path].reverse()) });
    }
  }
  return routes;
};
