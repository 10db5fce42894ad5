/** A peer that endorses something else, because its chaincode was built differently. */
import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, cpSync, readFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { connect, readProfile, type GatewayPeer, type Ledger } from '@epione/client';
import type { Network } from '@epione/network';
import { CodedError } from '@epione/protocol';
import { expect } from 'chai';
import { repository } from '../study/command.js';
import { profileFile } from './account.js';
import { pidOf, repair, root, signal, until } from './network-under-test.js';
import { scenario } from './scenario.js';

/** A worker of an organization that asks some peers only. */
async function workerThrough(mspId: string, which: (peer: GatewayPeer) => boolean): Promise<Ledger> {
  const profile = await readProfile(profileFile(mspId));
  return connect({ ...profile, peers: profile.peers.filter(which) }, { identity: 'worker' });
}

/** Kills an organization's chaincode process and starts altered code in its place, under the same package ID, port and keys. */
async function runAltered({ organizations }: Network, mspId: string): Promise<ChildProcess> {
  const altered = join(root, 'altered-chaincode');
  cpSync(join(repository, 'chaincode', 'package.json'), join(altered, 'package.json'));
  cpSync(join(repository, 'chaincode', 'dist'), join(altered, 'dist'), { recursive: true });
  // Every time that it writes is a millisecond late; the contracts stay what they are.
  appendFileSync(join(altered, 'dist', 'index.js'), "\n{ const ledger = require('./ledger.js'); const { txTime } = ledger; ledger.txTime = (ctx) => txTime(ctx) + 1; }\n");
  const pid = await pidOf(`chaincode.${mspId}`);
  const [program, ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  await signal(`chaincode.${mspId}`, 'SIGKILL');
  args[args.indexOf('--module-path') + 1] = altered;
  const child = spawn(program!, args, { cwd: altered, stdio: 'ignore' });
  const { ports } = organizations.find((entry) => entry.mspId === mspId)!;
  await until('the start of the altered chaincode', 60_000, async () => new Promise((done) => {
    const socket = connectSocket(ports.chaincode, '127.0.0.1', () => {
      socket.destroy();
      done(true);
    });
    socket.on('error', () => {
      done(false);
    });
  }));
  return child;
}

describe('faults of chaincode', () => {
  scenario('a chaincode that was built differently: what its peer endorses is refused, and the organization named', async ({ network, rounds }) => {
    const altered = await runAltered(network, 'HospitalB');
    try {
      using own = await workerThrough('HospitalB', ({ mspId }) => mspId === 'HospitalB');
      let error: unknown;
      await until('an answer of the altered chaincode', 60_000, async () => {
        error = await rounds.submitOnce('HospitalB', own).catch((thrown: unknown) => thrown);
        // The peer may still hold the connection to the killed process.
        return !(error instanceof CodedError) || String(error.code) !== 'UNAVAILABLE';
      });
      expect(error).to.be.instanceOf(CodedError).with.property('code', 'CONFLICT');
      expect(String(error)).to.contain('the peer of HospitalB answered otherwise').and.contain('ProposalResponsePayloads do not match');
      // The others make a majority without it, and so does its member through their peers.
      using others = await workerThrough('HospitalB', ({ mspId }) => mspId !== 'HospitalB');
      await rounds.play({ HospitalB: others });
    } finally {
      const ended = new Promise((done) => altered.once('close', done));
      altered.kill('SIGKILL');
      await ended;
      await repair();
    }
  });
});
