/** What a site shows of itself. */
import type { LinkStatus } from '../kme/link-status.js';

/** What `status` shows of a site. */
export interface SiteStatus {
  readonly site: string;
  readonly kmeId: string;
  readonly pid: number;
  /** Why the site gives out no key at all until it is restarted; undefined while its random source is good. */
  readonly randomness: { readonly failure: string | undefined };
  readonly links: readonly LinkStatus[];
}
