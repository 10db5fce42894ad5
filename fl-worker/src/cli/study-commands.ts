/** The commands `fl-worker study …`: what an organization decides about studies. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { readStudy, type Digest, type Study } from '@epione/protocol';
import { parse as parseYaml } from 'yaml';
import { addBudgetCommand } from './budget-command.js';
import { memberCommand, withMembership, type Print, type SiteOptions } from './member-command.js';
import type { Membership } from '../site/membership.js';
import { addModelCommands } from './model-commands.js';
import { addProposalCommands } from './proposal-commands.js';
import { quantumWitness, type SigningOptions } from '../site/quantum-desk.js';
import { addPriceCommand } from './price-command.js';
import { addTidyCommand } from './tidy-command.js';
import { approve, openStudy, registerStudy, studyDigestOf } from '../site/study-desk.js';
import { readStudyTemplate, studyFrom } from '../study-template.js';

interface StudyOptions extends SiteOptions {
  readonly participants?: string[];
  readonly aggregators?: string[];
  readonly observers?: string[];
}

interface ApproveOptions extends SiteOptions, Partial<SigningOptions> {
  readonly quantum?: string;
}

/** A complete study document, or a template completed with this channel and the named members. */
async function documentOf(file: string, { profile }: Membership, { participants, aggregators, observers }: StudyOptions): Promise<Study> {
  const yaml = await readFile(file, 'utf8');
  if (participants === undefined) return readStudy(parseYaml(yaml));
  const { channel, genesis, chaincode } = profile;
  return studyFrom(readStudyTemplate(yaml), { channel, genesis: genesis as Digest, chaincode, participants, aggregators: aggregators ?? participants, observers: observers ?? [] });
}

/** Adds `study register | approve | open | list` and what changes an open study. */
export function addStudyCommands(program: Command, print: Print): void {
  const study = program.command('study').description('register, approve, open, change or list studies');
  const add = (usage: string, description: string): Command => memberCommand(study, usage, description);

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
  add('approve <subject>', 'approve a study, named by digest or file, or a proposal, named by digest')
    .option('--quantum <file>', 'sign it by quantum digital signature too, into this file for the receiver')
    .option('--receiver <saeId>', 'who receives that signature')
    .option('--arbiter <saeId>', 'who judges with the receiver')
    .action((name: string, options: ApproveOptions) =>
      withMembership(options, async (membership) => {
        const { digest } = await approve(membership, await studyDigestOf(name), quantumWitness(membership.config, options));
        print(options.json, { approval: digest, ...(options.quantum === undefined ? {} : { quantum: options.quantum }) }, `approved with ${digest}`);
      }),
    );
  add('open <study>', 'open an approved study: its first round begins')
    .action((name: string, options: StudyOptions) =>
      withMembership(options, async (membership) => {
        const { digest } = await openStudy(membership, await studyDigestOf(name));
        print(options.json, { opening: digest }, `opened with ${digest}`);
      }),
    );
  addBudgetCommand(study, print);
  addPriceCommand(study, print);
  addProposalCommands(study, print);
  addModelCommands(study, print);
  addTidyCommand(study, print);
  add('list', 'the studies of the channel')
    .action((options: StudyOptions) =>
      withMembership(options, async ({ ledger }) => {
        const studies = await ledger.listStudies();
        print(options.json, { studies }, studies.map((line) => `${line.study}  ${line.name}  ${line.title}`).join('\n'));
      }),
    );
}
