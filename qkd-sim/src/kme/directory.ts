/** Where SAEs are: at this site, or behind a link. */
import type { SiteConfig } from '../config.js';
import type { KmeLink } from './kme-link.js';

export class Directory {
  readonly #here: ReadonlySet<string>;
  readonly #behind: ReadonlyMap<string, KmeLink>;

  constructor(site: SiteConfig, links: readonly KmeLink[]) {
    this.#here = new Set(site.saeIds);
    this.#behind = new Map(links.flatMap((link) => link.config.peerSaeIds.map((sae): [string, KmeLink] => [sae, link])));
  }

  /** Whether this key server serves an SAE. */
  isHere(sae: string): boolean {
    return this.#here.has(sae);
  }

  /** The link that leads to an SAE of another site; undefined when none does. */
  linkTo(sae: string): KmeLink | undefined {
    return this.#behind.get(sae);
  }

  isKnown(sae: string): boolean {
    return this.isHere(sae) || this.#behind.has(sae);
  }

  /** SAEs by where they are; each is known. */
  group(saes: readonly string[]): { readonly here: readonly string[]; readonly links: readonly { readonly link: KmeLink; readonly slaves: readonly string[] }[] } {
    const byLink = Map.groupBy(saes.filter((sae) => this.#behind.has(sae)), (sae) => this.#behind.get(sae));
    const links = [...byLink].flatMap(([link, slaves]) => (link === undefined ? [] : [{ link, slaves }]));
    return { here: saes.filter((sae) => this.#here.has(sae)), links };
  }
}
