/** What the operator's door shows to anyone on this machine, without a token: metrics, and the page of the links. They tell counts and rates, never keys. */
import { readFileSync } from 'node:fs';
import type { SiteStatus } from './site-status.js';
import { metricsPage } from './metrics.js';

/** A page as it is now. */
export interface Page {
  readonly type: string;
  readonly body: () => string | Buffer;
}

const file = (name: string, type: string): Page => {
  const body = readFileSync(new URL(`../../view/${name}`, import.meta.url));
  return { type: `${type}; charset=utf-8`, body: () => body };
};

/** The pages of a site by their paths. */
export const viewPages = (status: () => SiteStatus): ReadonlyMap<string, Page> => new Map([
  ['/', file('index.html', 'text/html')],
  ['/links.css', file('links.css', 'text/css')],
  ['/links.js', file('links.js', 'text/javascript')],
  ['/links.json', { type: 'application/json', body: () => JSON.stringify(status()) }],
  ['/metrics', { type: 'text/plain; version=0.0.4; charset=utf-8', body: () => metricsPage(status()) }],
]);
