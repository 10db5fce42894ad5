/** The files for Hyperledger Caliper: what its workloads send, and the network as it reads it. Caliper itself is not here. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parse } from 'yaml';
import { caliperNetwork, fabricProfile } from './caliper.js';

interface Request {
  readonly contractId: string;
  readonly contractFunction: string;
  readonly contractArguments: readonly string[];
  readonly invokerMspId?: string;
  readonly invokerIdentity?: string;
  readonly readOnly: boolean;
}
interface Workload {
  initializeWorkloadModule: (worker: number, workers: number, round: number, args: object, adapter: object, context: object) => Promise<void>;
  submitTransaction: () => Promise<void>;
  cleanupWorkloadModule: () => Promise<void>;
}

const folder = fileURLToPath(new URL('../../bench/caliper', import.meta.url));
const workload = (file: string): Workload => (createRequire(import.meta.url)(join(folder, file)) as { createWorkloadModule: () => Workload }).createWorkloadModule();

/** Takes what a workload sends, where Caliper's connector would be. */
function recorder(): { sent: Request[]; sendRequests: (request: Request) => Promise<void> } {
  const sent: Request[] = [];
  return { sent, sendRequests: async (request) => Promise.resolve(void sent.push(request)) };
}

async function failure(work: Promise<unknown>): Promise<string> {
  return work.then(() => 'none', String);
}

const profile = {
  channel: 'epione', chaincode: 'epione', genesis: `sha256:${'0'.repeat(64)}`, mspId: 'HospitalA',
  peers: [{ mspId: 'HospitalA', endpoint: 'localhost:7051', tlsCaFile: '/ca.pem' }],
  identities: { worker: { certificateFile: '/worker.pem', privateKeyFile: '/worker.key' } },
};

describe('Caliper workloads', () => {
  it('put sends the size that was asked for', async () => {
    const adapter = recorder();
    const put = workload('put.cjs');
    await put.initializeWorkloadModule(0, 1, 0, { contract: 'epione', bytes: 100 }, adapter, {});
    await put.submitTransaction();
    await put.cleanupWorkloadModule();
    expect(adapter.sent).to.deep.equal([{ contractId: 'epione', contractFunction: 'Bench:put', contractArguments: ['x'.repeat(100)], readOnly: false }]);
    expect(await failure(workload('put.cjs').initializeWorkloadModule(0, 1, 0, { contract: 'epione' }, adapter, {}))).to.contain('arguments.bytes');
  });

  it('submit sends every prepared submission once, as its own participant, whatever the number of workers', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'caliper-'));
    try {
      const file = join(dir, 'submissions.jsonl');
      writeFileSync(file, Array.from({ length: 5 }, (_, index) => JSON.stringify({ mspId: `Org${index}`, argument: `{"n":${index}}` })).join('\n') + '\n');
      const adapter = recorder();
      for (const worker of [0, 1]) {
        const submit = workload('submit.cjs');
        await submit.initializeWorkloadModule(worker, 2, 0, { contract: 'epione', file }, adapter, {});
        for (let left = worker === 0 ? 3 : 2; left > 0; left--) await submit.submitTransaction();
        expect(await failure(submit.submitTransaction())).to.contain('prepare more');
        await submit.cleanupWorkloadModule();
      }
      expect(adapter.sent.map(({ contractArguments, invokerMspId }) => `${String(invokerMspId)} ${String(contractArguments[0])}`).sort()).to.deep.equal(
        Array.from({ length: 5 }, (_, index) => `Org${index} {"n":${index}}`),
      );
      expect(new Set(adapter.sent.map(({ contractFunction, invokerIdentity }) => `${contractFunction} ${String(invokerIdentity)}`))).to.deep.equal(new Set(['Round:submit worker']));
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('benchmark files name workloads that are there', () => {
    for (const name of ['put.yaml', 'submit.yaml']) {
      const { test } = parse(readFileSync(join(folder, name), 'utf8')) as { test: { rounds: { workload: { module: string } }[] } };
      for (const { workload: used } of test.rounds) expect(workload(used.module)).to.respondTo('submitTransaction');
    }
  });
});

describe('a network as Caliper reads it', () => {
  it('names channel, contract, identities and where the peers are', () => {
    expect(caliperNetwork([profile], (mspId) => `/out/${mspId}.json`)).to.deep.equal({
      name: 'epione', version: '2.0.0', caliper: { blockchain: 'fabric' },
      channels: [{ channelName: 'epione', contracts: [{ id: 'epione' }] }],
      organizations: [{
        mspid: 'HospitalA',
        identities: { certificates: [{ name: 'worker', clientPrivateKey: { path: '/worker.key' }, clientSignedCert: { path: '/worker.pem' } }] },
        connectionProfile: { path: '/out/HospitalA.json', discover: false },
      }],
    });
    expect(fabricProfile(profile)).to.deep.include({
      organizations: { HospitalA: { mspid: 'HospitalA', peers: ['peer0'] } },
      peers: { peer0: { url: 'grpcs://localhost:7051', tlsCACerts: { path: '/ca.pem' } } },
    });
  });
});
