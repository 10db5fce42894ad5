/** Records the evidence of a played study: `node client/dist/testing/record-fixture.js STATE FOLDER`, on a fresh network with the chaincode deployed. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argv, stdout } from 'node:process';
import { writeEvidence } from '../evidence/evidence.js';
import { connect } from '../ledger/connect.js';
import { readProfile } from '../ledger/profile.js';
import { playStudy } from './play-study.js';

const [, , state, folder] = argv;
if (state === undefined || folder === undefined) throw new Error('usage: record-fixture STATE FOLDER');
const members = ['HospitalA', 'HospitalB', 'HospitalC', 'Regulator'];
const profiles = await Promise.all(members.map((mspId) => readProfile(join(state, 'profiles', `${mspId}.json`))));
const [first] = profiles;
if (first === undefined) throw new Error('no profile');
const played = await playStudy(profiles, 'A study of two rounds, played for a recording', 2);
using ledger = await connect(first, { identity: 'auditor' });
await writeEvidence(folder, await ledger.evidence());
await mkdir(join(folder, 'blobs'), { recursive: true });
for (const [digest, bytes] of played.blobs) await writeFile(join(folder, 'blobs', digest.replace(':', '-')), bytes);
await writeFile(join(folder, 'content-keys.json'), `${JSON.stringify(played.contentKeys, undefined, 2)}\n`);
await copyFile(join(state, 'trust-root.json'), join(folder, 'trust-root.json'));
stdout.write(`${JSON.stringify({ study: played.study, models: played.models })}\n`);
