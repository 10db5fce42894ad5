/** Where SAEs are: at this site, behind a link, or beyond trusted nodes. */
import type { SiteConfig } from '../config.js';
import type { KmeLink } from './kme-link.js';

/** The way to a site that no link leads to. */
export type Route = SiteConfig['routes'][0];

/** SAEs by where they are. */
export interface Whereabouts {
  readonly here: readonly string[];
  readonly links: readonly { readonly link: KmeLink; readonly slaves: readonly string[] }[];
  readonly routes: readonly { readonly route: Route; readonly slaves: readonly string[] }[];
}

export class Directory {
  readonly #links: readonly KmeLink[];
  readonly #here: ReadonlySet<string>;
  readonly #behind: ReadonlyMap<string, KmeLink>;
  readonly #beyond: ReadonlyMap<string, Route>;

  constructor(site: SiteConfig, links: readonly KmeLink[]) {
    this.#links = links;
    this.#here = new Set(site.saeIds);
    this.#behind = new Map(links.flatMap((link) => link.config.peerSaeIds.map((sae): [string, KmeLink] => [sae, link])));
    this.#beyond = new Map(site.routes.flatMap((route) => route.saeIds.map((sae): [string, Route] => [sae, route])));
  }

  /** Whether this key server serves an SAE. */
  isHere(sae: string): boolean {
    return this.#here.has(sae);
  }

  /** The link that leads to an SAE of another site; undefined when none does. */
  linkTo(sae: string): KmeLink | undefined {
    return this.#behind.get(sae);
  }

  /** The link that leads to a key server. */
  linkToKme(kmeId: string): KmeLink | undefined {
    return this.#links.find(({ config }) => config.peerKmeId === kmeId);
  }

  /** The route to an SAE of a site without a link to this one; undefined when none is configured. */
  routeTo(sae: string): Route | undefined {
    return this.#beyond.get(sae);
  }

  isKnown(sae: string): boolean {
    return this.isHere(sae) || this.#behind.has(sae) || this.#beyond.has(sae);
  }

  /** All SAEs that keys can be made for. */
  get all(): readonly string[] {
    return [...this.#here, ...this.#behind.keys(), ...this.#beyond.keys()];
  }

  /** SAEs by where they are; each is known. */
  group(saes: readonly string[]): Whereabouts {
    const links = [...Map.groupBy(saes, (sae) => this.#behind.get(sae))].flatMap(([link, slaves]) => (link === undefined ? [] : [{ link, slaves }]));
    const routes = [...Map.groupBy(saes, (sae) => this.#beyond.get(sae))].flatMap(([route, slaves]) => (route === undefined ? [] : [{ route, slaves }]));
    return { here: saes.filter((sae) => this.#here.has(sae)), links, routes };
  }
}
