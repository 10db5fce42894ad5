/** Endorsement policies: the chaincode's majority, and signature policies as chaincode writes them for keys and collections. */
import { framed, readFields, textOf, varintOf } from './protobuf.js';

/** Tells whether the peers of these organizations, one each, satisfy a policy. */
export type Policy = (endorsers: readonly string[]) => boolean;

/** Fabric's default, `MAJORITY Endorsement`: more than half of the organizations. */
export const majorityOf = (organizations: readonly string[]): Policy => (endorsers) => organizations.filter((id) => endorsers.includes(id)).length > organizations.length / 2;

/** A peer of any of these organizations. */
export const anyOf = (organizations: readonly string[]): Policy => (endorsers) => organizations.some((id) => endorsers.includes(id));

type Gate = (endorsers: readonly string[], used: boolean[]) => boolean;

/** An endorser counts for one principal only, as in Fabric's evaluation (common/cauthdsl): `used` marks the spent ones. */
function gateOf(rule: Uint8Array, principals: readonly ((mspId: string) => boolean)[]): Gate {
  const fields = readFields(rule);
  const [all] = framed(fields, 2);
  if (all === undefined) {
    const principal = principals[varintOf(fields, 1)];
    if (principal === undefined) throw new Error('identity index out of range');
    return (endorsers, used) => {
      const found = endorsers.findIndex((mspId, index) => used[index] !== true && principal(mspId));
      if (found >= 0) used[found] = true;
      return found >= 0;
    };
  }
  const inner = readFields(all);
  const gates = framed(inner, 2).map((part) => gateOf(part, principals));
  return (endorsers, used) => {
    let satisfied = 0;
    for (const gate of gates) {
      const attempt = [...used];
      if (!gate(endorsers, attempt)) continue;
      satisfied += 1;
      used.splice(0, used.length, ...attempt);
    }
    return satisfied >= varintOf(inner, 1);
  };
}

/** Roles of Fabric's MSPRole that a peer's certificate satisfies: MEMBER and PEER. */
const rolesOfPeers = [0, 3];

/** A principal that names a role of an MSP; others (identities, units) are satisfied by no endorser here. */
function principalOf(bytes: Uint8Array): (mspId: string) => boolean {
  const fields = readFields(bytes);
  const role = readFields(framed(fields, 2)[0] ?? new Uint8Array());
  const holds = varintOf(fields, 1) === 0 && rolesOfPeers.includes(varintOf(role, 2));
  return (mspId) => holds && mspId === textOf(role, 1);
}

/** The policy in the bytes of a SignaturePolicyEnvelope. @throws Error for bytes that are none. */
export function readPolicy(bytes: Uint8Array): Policy {
  try {
    const fields = readFields(bytes);
    const gate = gateOf(framed(fields, 2)[0] ?? new Uint8Array(), framed(fields, 3).map(principalOf));
    return (endorsers) => gate(endorsers, endorsers.map(() => false));
  } catch (cause) {
    throw new Error('error unmarshalling SignaturePolicyEnvelope', { cause });
  }
}

/** As `readPolicy`, at commit: what cannot be read is met by nobody. */
export function signaturePolicy(bytes: Uint8Array): Policy {
  try {
    return readPolicy(bytes);
  } catch {
    return () => false;
  }
}
