/** The command `fl-worker study tidy`: makes room on the disk when a study has ended. */
import type { Command } from 'commander';
import { openBlobs } from '../site/site.js';
import { studyDigestOf } from '../site/study-desk.js';
import { planTidying, type Tidying } from '../site/tidy-desk.js';
import { mayReplaceRecord } from '../state/database.js';
import { memberCommand, withMembership, type Print, type SiteOptions } from './member-command.js';

interface TidyOptions extends SiteOptions {
  readonly audited?: boolean;
  readonly confirm?: boolean;
}

const sized = (blobs: readonly { readonly bytes: number }[]): string => `${blobs.length} ${blobs.length === 1 ? 'blob' : 'blobs'}, ${Math.ceil(blobs.reduce((sum, { bytes }) => sum + bytes, 0) / 1000)} kB`;

/** For people: what goes and what stays, by reason. */
export function tidyingText({ study, removable, kept }: Tidying, removed: boolean): string {
  const stays = [...Map.groupBy(kept, ({ why }) => why)].map(([why, blobs]) => `stays, ${why}: ${sized(blobs)}${why === 'evidence' ? '; an auditor recomputes the rounds from them: --audited when that is done' : ''}`);
  return [`${removed ? 'removed' : 'may be removed'} of ${study}: ${sized(removable)}`, ...stays, ...(removed || removable.length === 0 ? [] : ['nothing was removed; --confirm removes them'])].join('\n');
}

/** Adds `tidy` to the group `study`. */
export function addTidyCommand(study: Command, print: Print): void {
  memberCommand(study, 'tidy <study>', 'list the sealed updates and models of an ended study that nobody needs any more; with --confirm, remove them here')
    .option('--audited', 'also what an auditor recomputes rounds from, where content keys are kept: the audit is done')
    .option('--confirm', 'remove them; stop the worker first')
    .addHelpText('before', 'Example:\n  $ fl-worker study tidy sha256:… --config worker.yaml --confirm\n')
    .action((name: string, options: TidyOptions) => withMembership(options, async ({ ledger, config }) => {
      const removed = options.confirm === true;
      if (removed) mayReplaceRecord(config.state);
      const blobs = openBlobs(config);
      const found = await planTidying(ledger, blobs, config, await studyDigestOf(name), options.audited ?? false, Date.now());
      if (removed) for (const { digest } of found.removable) blobs.remove(digest);
      print(options.json, { ...found, removed }, tidyingText(found, removed));
    }));
}
