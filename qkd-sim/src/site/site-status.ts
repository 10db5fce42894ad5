/** What a site shows of itself. */
import type { LinkStatus } from '../kme/link-status.js';

/** What `status` shows of a site. */
export interface SiteStatus {
  readonly site: string;
  readonly kmeId: string;
  readonly pid: number;
  readonly links: readonly LinkStatus[];
}
