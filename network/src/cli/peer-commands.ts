/** The commands about one peer's ledger: peer reset, snapshot take, snapshot join. */
import type { Command } from 'commander';
import { takeSnapshot } from '../channel/snapshots.js';
import { resetPeer, type ResetOptions } from '../reset.js';
import { command, exit, print } from './command.js';

const organization = ['<mspId>', 'MSP ID of the organization whose peer is meant'] as const;
const confirmation = ['--confirm', 'without it nothing is wiped'] as const;

async function reset(options: ResetOptions, json: boolean): Promise<number> {
  const value = await resetPeer(options);
  print(json, value, `The peer of ${value.mspId} is back in the channel with ${value.height} blocks`);
  return exit.done;
}

/** Declares the commands. */
export function peerCommands(program: Command): void {
  const peer = program.command('peer').description('one organization\'s peer').addHelpText('before', 'Example:\n  fl-network peer reset HospitalB --confirm\n').exitOverride();
  command<{ confirm?: true }>(peer, 'reset', 'wipe a peer\'s ledger and join it anew from the first block', 'fl-network peer reset HospitalB --confirm', async (options, flags, json, args) =>
    reset({ ...options, mspId: args[0] ?? '', confirm: flags.confirm ?? false }, json))
    .argument(...organization)
    .option(...confirmation);

  const snapshot = program.command('snapshot').description('snapshots of a peer\'s ledger').addHelpText('before', 'Example:\n  fl-network snapshot take HospitalA --out snapshot-1\n').exitOverride();
  command<{ out?: string }>(snapshot, 'take', 'have a peer make a snapshot; equal states give equal hashes', 'fl-network snapshot take HospitalA --out snapshot-1', async (options, flags, json, args) => {
    const value = await takeSnapshot({ ...options, mspId: args[0] ?? '', ...(flags.out === undefined ? {} : { out: flags.out }) });
    print(json, value, `Snapshot of ${value.channel} at block ${value.block}, hash ${value.hash}\n${value.dir}`);
    return exit.done;
  })
    .argument(...organization)
    .option('--out <dir>', 'folder to copy it to (default: it stays with the peer)');

  command<{ confirm?: true }>(snapshot, 'join', 'wipe a peer\'s ledger and join it anew by a snapshot', 'fl-network snapshot join HospitalB snapshot-1 --confirm', async (options, flags, json, args) =>
    reset({ ...options, mspId: args[0] ?? '', snapshot: args[1] ?? '', confirm: flags.confirm ?? false }, json))
    .argument(...organization)
    .argument('<dir>', 'folder of the snapshot')
    .option(...confirmation);
}
