/** The key-level endorsement policy of a key that one organization owns: its own peer and, with it, a majority of the members. */
import { concat } from '../encoding/digest.js';

/** Value of MSPRole.PEER (fabric-protos, msp/msp_principal.proto). */
const peerRole = 3;
const ascii = new TextEncoder();

/** A protobuf field of bytes. Messages here are shorter than 2^14 bytes, so two bytes of length are enough. */
function field(number: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  return concat(Uint8Array.of((number << 3) | 2, ...(length < 0x80 ? [length] : [(length & 0x7f) | 0x80, length >> 7])), content);
}

/** A protobuf field of a number below 128, written also when it is 0, as the members of a `oneof` are. */
const small = (number: number, value: number): Uint8Array => Uint8Array.of(number << 3, value);

/** SignaturePolicy: signed by the identity at a place of the list. */
const signedBy = (place: number): Uint8Array => small(1, place);

/** SignaturePolicy: `least` of the rules hold. */
const outOf = (least: number, rules: readonly Uint8Array[]): Uint8Array => field(2, concat(small(1, least), ...rules.map((rule) => field(2, rule))));

/** MSPPrincipal: any peer of an organization. */
const peerOf = (mspId: string): Uint8Array => field(2, concat(field(1, ascii.encode(mspId)), small(2, peerRole)));

/**
 * A serialized `common.SignaturePolicyEnvelope`: the owner's peer and so many of the other members that all together are a majority.
 * A majority without the owner cannot change the key, nor the owner without a majority. One signature counts once in Fabric
 * (common/cauthdsl), so the second rule leaves the owner out. The bytes are the same on every machine, because endorsers must agree.
 * @param members MSP IDs, at most 64, with the owner among them.
 */
export function ownedKeyPolicy(owner: string, members: readonly string[]): Uint8Array {
  const others = [...new Set(members)].filter((id) => id !== owner).sort();
  const more = Math.floor((others.length + 1) / 2);
  const rule = more === 0 ? signedBy(0) : outOf(2, [signedBy(0), outOf(more, others.map((_, at) => signedBy(at + 1)))]);
  return concat(field(2, rule), ...[owner, ...others].map((mspId) => field(3, peerOf(mspId))));
}
