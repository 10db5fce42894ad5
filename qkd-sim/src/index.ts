/** The door of this package: everything others may use. */
export { QkdError, type QkdErrorCode } from './error.js';
export { profileNames } from './profile.js';
export type { LinkState, LinkStatus } from './kme/link-status.js';
export type { SiteStatus } from './site/site.js';
export { type Topology, type WrittenSite, readTopology, writeSiteConfigs } from './site/topology.js';
