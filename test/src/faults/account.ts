/** What the ledger must show after every fault: nothing lost, nothing twice, all peers equal, and the auditor satisfied. */
import { join } from 'node:path';
import { blockDigest, connect, readBlock, readProfile, readTrustRoot, verify, type Committed, type Ledger, type Verdict } from '@epione/client';
import { takeSnapshot } from '@epione/network';
import { expect } from 'chai';
import { mspIds, stateDir, until } from './network-under-test.js';

const valid = 0;
export const profileFile = (mspId: string): string => join(stateDir, 'profiles', `${mspId}.json`);

/** An auditor who asks one peer and no other. */
export async function ledgerAt(mspId: string): Promise<Ledger> {
  const profile = await readProfile(profileFile(mspId));
  return connect({ ...profile, peers: profile.peers.filter((peer) => peer.mspId === mspId) }, { identity: 'auditor' });
}

/** In the channel header at an envelope's very start; what follows may name other transactions. */
const txIdOf = (envelope: Uint8Array): string | undefined => /[0-9a-f]{64}/.exec(Buffer.from(envelope.subarray(0, 300)).toString('latin1'))?.[0];

/** What a peer's blocks say: each block's digest by number, and where each valid transaction stands. */
interface PeerAccount {
  readonly digests: ReadonlyMap<number, string>;
  readonly places: ReadonlyMap<string, readonly number[]>;
}

async function accountOf(mspId: string, from: number): Promise<PeerAccount> {
  using ledger = await ledgerAt(mspId);
  const digests = new Map<number, string>();
  const places = new Map<string, number[]>();
  for await (const { number, bytes } of ledger.blocks(from)) {
    const block = readBlock(bytes);
    // The commit hash chains validity and writes of all blocks so far; only the peer itself makes it.
    digests.set(number, `${blockDigest(block)} ${Buffer.from(block.commitHash).toString('hex')}`);
    block.envelopes.forEach((envelope, index) => {
      const txId = txIdOf(envelope);
      if (txId !== undefined && block.validity[index] === valid) places.set(txId, [...(places.get(txId) ?? []), number]);
    });
  }
  return { digests, places };
}

async function heights(): Promise<number[]> {
  return Promise.all(mspIds.map(async (mspId) => {
    using ledger = await ledgerAt(mspId);
    return await ledger.height();
  }));
}

export class Account {
  /** The first block that each peer still has. */
  readonly firstBlocks = new Map<string, number>();
  /** Where each valid transaction stands, in all blocks that were compared. */
  readonly #places = new Map<string, number[]>();
  #next = 0;

  /** Has all peers' blocks compared anew from the first one on: a peer has taken them a second time. */
  restart(): void {
    this.#next = 0;
    this.#places.clear();
  }

  /** @throws AssertionError when anything that was committed is lost, applied twice or told differently by two peers. */
  async balance(committed: readonly Committed[], rounds: number): Promise<Verdict> {
    await until('equal heights of all peers', 60_000, async () => new Set(await heights()).size === 1);
    const accounts = await Promise.all(mspIds.map(async (mspId) => accountOf(mspId, Math.max(this.#next, this.firstBlocks.get(mspId) ?? 0))));
    const [whole] = accounts;
    this.#next += whole!.digests.size;
    for (const [txId, places] of whole!.places) this.#places.set(txId, [...(this.#places.get(txId) ?? []), ...places]);
    for (const { digests } of accounts) for (const [number, digest] of digests) expect(digest, `block ${number}`).to.equal(whole!.digests.get(number));
    for (const { txId, block } of committed) {
      const places = this.#places.get(txId) ?? [];
      expect(places, `places of ${txId}`).to.have.length(1);
      if (block !== undefined) expect(places).to.deep.equal([block]);
    }
    const snapshots = await Promise.all(mspIds.map(async (mspId) => takeSnapshot({ stateDir, mspId })));
    expect(new Set(snapshots.map(({ hash, block }) => `${block} ${hash}`)).size, 'states').to.equal(1);
    return this.#verify(rounds);
  }

  async #verify(rounds: number): Promise<Verdict> {
    const profile = await readProfile(profileFile('HospitalA'));
    using auditor = await connect(profile, { identity: 'auditor' });
    const verdict = await verify(await auditor.evidence(), await readTrustRoot(join(stateDir, 'trust-root.json')), { chaincode: profile.chaincode, blobFolders: [] });
    expect(verdict.checks.filter(({ result }) => result === 'fail')).to.deep.equal([]);
    expect(verdict.verdict).to.equal('valid');
    expect(verdict.counts.rounds).to.be.at.least(rounds);
    return verdict;
  }
}
