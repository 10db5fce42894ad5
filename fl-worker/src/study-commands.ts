/** The commands `fl-worker study …`: what an organization decides about studies. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { readStudy, type Digest, type Study } from '@epione/protocol';
import { parse as parseYaml } from 'yaml';
import { readConfig } from './config.js';
import { openMembership, type Membership } from './site/membership.js';
import { approveStudy, openStudy, registerStudy, studyDigestOf } from './site/study-desk.js';
import { readStudyTemplate, studyFrom } from './study-template.js';

interface StudyOptions {
  readonly config: string;
  readonly json?: boolean;
  readonly participants?: string[];
  readonly aggregators?: string[];
  readonly observers?: string[];
}

type Print = (json: boolean | undefined, value: object, text: string) => void;

/** A complete study document, or a template completed with this channel and the named members. */
async function documentOf(file: string, { profile }: Membership, { participants, aggregators, observers }: StudyOptions): Promise<Study> {
  const yaml = await readFile(file, 'utf8');
  if (participants === undefined) return readStudy(parseYaml(yaml));
  const { channel, genesis, chaincode } = profile;
  return studyFrom(readStudyTemplate(yaml), { channel, genesis: genesis as Digest, chaincode, participants, aggregators: aggregators ?? participants, observers: observers ?? [] });
}

async function withMembership<T>(options: StudyOptions, act: (membership: Membership) => Promise<T>): Promise<T> {
  const membership = await openMembership(await readConfig(options.config));
  using ledger = membership.ledger;
  return await act({ ...membership, ledger });
}

/** Adds `study register | approve | open | list`. */
export function addStudyCommands(program: Command, print: Print): void {
  const study = program.command('study').description('register, approve, open or list studies');
  const add = (usage: string, description: string): Command =>
    study.command(usage).description(description).requiredOption('--config <file>', 'configuration, YAML').option('--json', 'JSON on stdout');

  add('register <file>', 'register a study: a complete document, or a template with the members named here')
    .option('--participants <mspIds...>', 'who trains')
    .option('--aggregators <mspIds...>', 'who recomputes; the participants when left out')
    .option('--observers <mspIds...>', 'who else decides')
    .action((file: string, options: StudyOptions) =>
      withMembership(options, async (membership) => {
        const { digest } = await registerStudy(membership, await documentOf(file, membership, options));
        print(options.json, { study: digest }, digest);
      }),
    );
  add('approve <study>', 'approve a study, named by digest or file')
    .action((name: string, options: StudyOptions) =>
      withMembership(options, async (membership) => {
        const { digest } = await approveStudy(membership, await studyDigestOf(name));
        print(options.json, { approval: digest }, `approved with ${digest}`);
      }),
    );
  add('open <study>', 'open an approved study: its first round begins')
    .action((name: string, options: StudyOptions) =>
      withMembership(options, async (membership) => {
        const { digest } = await openStudy(membership, await studyDigestOf(name));
        print(options.json, { opening: digest }, `opened with ${digest}`);
      }),
    );
  add('list', 'the studies of the channel')
    .action((options: StudyOptions) =>
      withMembership(options, async ({ ledger }) => {
        const studies = await ledger.listStudies();
        print(options.json, { studies }, studies.map((line) => `${line.study}  ${line.name}  ${line.title}`).join('\n'));
      }),
    );
}
