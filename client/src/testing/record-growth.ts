/** Registers members on a running network and records its evidence: `node client/dist/testing/record-growth.js STATE FOLDER MEMBER...`; once a stage. */
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argv } from 'node:process';
import { gzipSync } from 'node:zlib';
import { writeEvidence } from '../evidence/evidence.js';
import { connect } from '../ledger/connect.js';
import { readProfile } from '../ledger/profile.js';
import { enrol } from './player.js';

const [, , state, folder, ...members] = argv;
if (state === undefined || folder === undefined || members.length === 0) throw new Error('usage: record-growth STATE FOLDER MEMBER...');
const profileOf = (mspId: string) => readProfile(join(state, 'profiles', `${mspId}.json`));
for (const member of members) (await enrol(await profileOf(member))).ledger[Symbol.dispose]();
using ledger = await connect(await profileOf(members[0] as string), { identity: 'auditor' });
await writeEvidence(folder, await ledger.evidence());
await copyFile(join(state, 'trust-root.json'), join(folder, 'trust-root.json'));
// Configurations repeat each other's certificates: compressed they are a fifth.
for (const name of ['blocks.bin', 'evidence.json']) {
  await writeFile(join(folder, `${name}.gz`), gzipSync(await readFile(join(folder, name)), { level: 9 }));
  await rm(join(folder, name));
}
