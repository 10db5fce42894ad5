/** Profiles and connect options are read strictly, all faults together. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { connect, type ConnectOptions } from './connect.js';
import { readProfile, type ConnectionProfile } from './profile.js';

const good: ConnectionProfile = {
  channel: 'epione', chaincode: 'epione', genesis: `sha256:${'0'.repeat(64)}`, mspId: 'HospitalA',
  peers: [{ mspId: 'HospitalA', endpoint: 'localhost:7051', tlsCaFile: '/ca.pem' }],
  identities: { worker: { certificateFile: '/worker.pem', privateKeyFile: '/worker.key' } },
};

const message = async (action: Promise<unknown>): Promise<string> => action.then(() => 'done', (error: unknown) => `${(error as Error).name} ${(error as Error).message}`);

describe('readProfile', () => {
  let folder = '';
  before(async () => { folder = await mkdtemp(join(tmpdir(), 'profile-')); });
  after(async () => { await rm(folder, { recursive: true }); });

  const read = async (value: unknown): Promise<ConnectionProfile> => {
    const path = join(folder, 'profile.json');
    await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value));
    return readProfile(path);
  };

  it('reads a good one', async () => {
    expect(await read(good)).to.deep.equal(good);
  });

  it('reports all faults together', async () => {
    const found = await message(read({ ...good, genesis: 'sha256:1', peers: [{ mspId: 'A', endpoint: 'https://x', tlsCaFile: '' }], extra: 1 }));
    for (const fault of ['profile.genesis', 'profile.peers.0.endpoint: host:port', 'profile.peers.0.tlsCaFile', 'extra']) expect(found).to.include(fault);
  });

  it('names a file that is no JSON or not there', async () => {
    expect(await message(read('{'))).to.match(/^UsageError cannot read the connection profile .*profile\.json/);
    expect(await message(readProfile(join(folder, 'none')))).to.match(/^UsageError cannot read the connection profile .*none: ENOENT/);
  });
});

describe('connect', () => {
  it('refuses unknown options, absent identities and missing files', async () => {
    expect(await message(connect(good, { identity: 'worker', retries: 3 } as ConnectOptions))).to.equal('UsageError unknown option retries');
    expect(await message(connect(good, { identity: 'auditor' }))).to.equal('UsageError the profile of HospitalA has no identity auditor');
    expect(await message(connect(good, { identity: 'worker' }))).to.equal('UsageError cannot read the certificate /worker.pem');
  });
});
