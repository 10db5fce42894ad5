/** Fifty hospitals submit into one round at the same moment: how long it takes, and whether any of them stands in another's way. */
import { readBlock, type Ledger } from '@epione/client';
import { withMembers } from './member.js';
import { BenchNetwork } from './bench-network.js';
import { against, figure, type Figure } from './figure.js';
import { load } from './load.js';
import { openStudies, submissionArgument } from './studies.js';

const hospitals = 50;

/** Validation codes of a conflict (fabric-protos, peer/transaction.proto): MVCC_READ_CONFLICT, PHANTOM_READ_CONFLICT. */
const conflictCodes: ReadonlySet<number> = new Set([11, 12]);

/** Transactions of the blocks from a height on that lost against another. The SDK would have sent them again, so the ledger is asked. */
async function conflictsSince(ledger: Ledger, height: number): Promise<number> {
  let conflicts = 0;
  for await (const { bytes } of ledger.blocks(height)) conflicts += [...readBlock(bytes).validity].filter((code) => conflictCodes.has(code)).length;
  return conflicts;
}

/** One study of fifty participants a run; every one of them is an organization with identities of its own, four of them have nodes. */
export async function round50Figures(state: string, batchIntervalMs: number, runs: number): Promise<Figure[]> {
  await using network = await BenchNetwork.start(state, 'bft', batchIntervalMs, hospitals - 4);
  return await withMembers(network.mspIds.map((mspId) => network.profileFile(mspId)), async (members) => {
    const [first] = members;
    if (first === undefined) throw new Error('the network has no members');
    const seconds: number[] = [];
    const conflicts: number[] = [];
    for (let run = 0; run < runs; run++) {
      const [study] = await openStudies(`round50-${run}`, 1, members, members.slice(0, 4));
      if (study === undefined) throw new Error('no study was opened');
      const signed = members.map((by) => ({ by, argument: submissionArgument(study, by) }));
      const height = await first.ledger.height();
      const begun = performance.now();
      await load(signed.map(({ by, argument }) => () => by.ledger.transact('Round:submit', argument)), hospitals);
      seconds.push((performance.now() - begun) / 1000);
      conflicts.push(await conflictsSince(first.ledger, height));
    }
    return [against('ledger.round50.seconds', 's', seconds, 1), figure('ledger.round50.conflicts', 'tx', conflicts, 'submissions', [hospitals])];
  });
}
