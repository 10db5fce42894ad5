/** Peers of enough organizations have signed the same head: the same block with the same chained commit hash. */
import { peer } from '@hyperledger/fabric-protos';
import { readBlock, type Block } from '../../evidence/block.js';
import { sameBytes } from '../../evidence/bytes.js';
import type { SignedHead } from '../../evidence/evidence.js';
import { readParty, type Member } from '../../evidence/organizations.js';
import type { Report } from '../report.js';
import type { Configuration } from './configuration.js';

/** The block inside a peer's endorsed answer, if it is the peer's own query chaincode that answered. */
function endorsedBlock(head: SignedHead): Block {
  const action = peer.ChaincodeAction.deserializeBinary(peer.ProposalResponsePayload.deserializeBinary(head.payload).getExtension_asU8());
  if (action.getChaincodeId()?.getName() !== 'qscc') throw new Error('is not an answer of the query chaincode');
  return readBlock(action.getResponse()?.getPayload_asU8() ?? new Uint8Array());
}

/** Second part of check `chain.validity`, by the configuration behind the last block. @throws Broken. */
export function checkHeads(heads: readonly SignedHead[], blocks: readonly Block[], commitHashes: readonly Uint8Array[], configuration: Configuration, report: Report): void {
  const agreed = new Set<Member>();
  for (const head of heads) {
    const fail = (message: string): never => report.broken('chain.validity', `head of ${head.mspId}`, message);
    const party = readParty(head.endorser);
    const member = configuration.organizations.signer(party, Buffer.concat([head.payload, head.endorser]), head.signature);
    if (member?.roles.includes('peer') !== true || member.mspId !== head.mspId) return fail('is not signed by a peer of that organization');
    const block = endorsedBlock(head);
    const own = blocks[block.number];
    const commitHash = commitHashes[block.number];
    if (own === undefined || commitHash === undefined) return fail(`speaks of block ${block.number}, which is not in the evidence`);
    if (!sameBytes(own.hash, block.hash)) fail(`its block ${block.number} is another`);
    if (!sameBytes(commitHash, block.commitHash)) fail(`its commit hash of block ${block.number} is another`);
    if (block.number === blocks.length - 1) agreed.add(member);
  }
  const speakers = [...agreed];
  if (!configuration.speaksFor(speakers)) {
    const who = [...new Set(speakers.map(({ mspId }) => mspId))].join(', ');
    report.broken('chain.validity', `block ${blocks.length - 1}`, `EVIDENCE_INCOMPLETE: peers of ${who === '' ? 'no organization' : who} signed this head, fewer than the channel's endorsement demands`);
  }
}
