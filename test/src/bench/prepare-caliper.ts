/** Prepares a running network for Caliper: opens studies, signs submissions, writes them with the network file and the profiles. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readProfile } from '@epione/client';
import { openState } from '@epione/network';
import { Command } from 'commander';
import { stringify } from 'yaml';
import { caliperNetwork, fabricProfile } from './caliper.js';
import { withMembers } from './member.js';
import { openStudies, submissionArgument } from './studies.js';

interface Flags {
  readonly state: string;
  readonly out: string;
  readonly count: string;
}

const { state, out, count } = new Command('prepare-caliper')
  .addHelpText('before', 'Example:\n  node test/dist/bench/prepare-caliper.js --state .state/network --count 1000 --out test/bench/caliper/prepared\n')
  .requiredOption('--state <dir>', 'folder of a network that runs the chaincode of test/bench/chaincode and has no participants yet')
  .requiredOption('--out <dir>', 'where to write')
  .option('--count <n>', 'how many submissions', '1000')
  .parse()
  .opts<Flags>();

const folder = resolve(out);
const fileOf = (mspId: string): string => join(folder, `connection-${mspId}.json`);
mkdirSync(folder, { recursive: true });
const profileFiles = openState(state).organizations.map(({ mspId }) => join(resolve(state), 'profiles', `${mspId}.json`));
const profiles = await Promise.all(profileFiles.map(readProfile));
for (const profile of profiles) writeFileSync(fileOf(profile.mspId), `${JSON.stringify(fabricProfile(profile), null, 2)}\n`);
writeFileSync(join(folder, 'network.yaml'), stringify(caliperNetwork(profiles, fileOf)));
await withMembers(profileFiles, async (members) => {
  const studies = await openStudies('caliper', Math.ceil(Number(count) / members.length), members, members);
  const lines = studies.flatMap((study) => study.members.map((by) => JSON.stringify({ mspId: by.mspId, argument: Buffer.from(submissionArgument(study, by)).toString() })));
  writeFileSync(join(folder, 'submissions.jsonl'), `${lines.slice(0, Number(count)).join('\n')}\n`);
});
