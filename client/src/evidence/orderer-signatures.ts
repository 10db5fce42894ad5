/** The orderers' signatures over a block (Fabric, protoutil/blockutils.go, BlockSignatureVerifier). */
import { X509Certificate } from 'node:crypto';
import { common } from '@hyperledger/fabric-protos';
import type { Block } from './block.js';
import { readParty, signed, type Organizations } from './organizations.js';
import type { ChannelConfig } from './channel-config.js';

/** ⌈(N + f + 1) / 2⌉ with f = ⌊(N − 1) / 3⌋: two such groups share an honest orderer (SmartBFT). */
export const byzantineQuorum = (orderers: number): number => Math.ceil((orderers + Math.floor((orderers - 1) / 3) + 1) / 2);

/** Which consenters signed the block: value, identifier header and block header, each once. */
function consentersOf(block: Block, consenters: ChannelConfig['consenters']): Set<number> {
  const metadata = common.Metadata.deserializeBinary(block.signatures);
  const found = new Set<number>();
  for (const entry of metadata.getSignaturesList()) {
    const header = entry.getIdentifierHeader_asU8();
    const id = common.IdentifierHeader.deserializeBinary(header).getIdentifier();
    const orderer = consenters.find(({ consenterId }) => consenterId === id);
    if (header.length === 0 || orderer === undefined) continue;
    const message = Buffer.concat([metadata.getValue_asU8(), header, block.headerBytes]);
    if (signed(new X509Certificate(orderer.certificate).publicKey, message, entry.getSignature_asU8())) found.add(id);
  }
  return found;
}

/** Under Raft one orderer signs, with its certificate in the signature header. */
function raftSigners(block: Block, organizations: Organizations): number {
  const metadata = common.Metadata.deserializeBinary(block.signatures);
  return metadata.getSignaturesList().filter((entry) => {
    const header = entry.getSignatureHeader_asU8();
    const creator = readParty(common.SignatureHeader.deserializeBinary(header).getCreator_asU8());
    const member = organizations.signer(creator, Buffer.concat([metadata.getValue_asU8(), header, block.headerBytes]), entry.getSignature_asU8());
    return member?.roles.includes('orderer') ?? false;
  }).length;
}

/** How many good signatures a block carries and how many it needs under a configuration. */
export function ordererSignatures(block: Block, { consensus, consenters }: ChannelConfig, organizations: Organizations): { good: number; needed: number } {
  if (consensus === 'raft') return { good: raftSigners(block, organizations), needed: 1 };
  return { good: consentersOf(block, consenters).size, needed: byzantineQuorum(consenters.length) };
}
