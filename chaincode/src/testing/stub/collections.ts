/** Private data collections: the defined ones and the implicit one of each organization. */
import { anyOf, signaturePolicy, type Policy } from './endorsement-policy.js';

/** A collection as in a chaincode definition; Fabric's names and defaults. */
export interface CollectionConfig {
  readonly name: string;
  /** MSP IDs of the organizations whose peers keep the values. */
  readonly members: readonly string[];
  /** Blocks for which a value is kept; 0 (default) for ever. */
  readonly blockToLive?: number;
  /** Only clients of members may read, false by default. */
  readonly memberOnlyRead?: boolean;
  /** Only clients of members may write, false by default. */
  readonly memberOnlyWrite?: boolean;
  /** SignaturePolicyEnvelope that replaces the chaincode's policy for writes into the collection. */
  readonly endorsementPolicy?: Uint8Array;
}

/** A collection as validation needs it. */
export interface Collection {
  readonly members: readonly string[];
  readonly blockToLive: number;
  readonly memberOnlyRead: boolean;
  readonly memberOnlyWrite: boolean;
  readonly policy: Policy | undefined;
}

/** All collections of a chaincode by name: `_implicit_org_<MSP ID>` belongs to its organization and is endorsed by it. */
export function collectionsOf(organizations: readonly string[], configs: readonly CollectionConfig[]): Map<string, Collection> {
  const implicit = organizations.map((mspId): [string, Collection] => [
    `_implicit_org_${mspId}`,
    { members: [mspId], blockToLive: 0, memberOnlyRead: false, memberOnlyWrite: false, policy: anyOf([mspId]) },
  ]);
  const defined = configs.map((config): [string, Collection] => [
    config.name,
    {
      members: config.members,
      blockToLive: config.blockToLive ?? 0,
      memberOnlyRead: config.memberOnlyRead ?? false,
      memberOnlyWrite: config.memberOnlyWrite ?? false,
      policy: config.endorsementPolicy === undefined ? undefined : signaturePolicy(config.endorsementPolicy),
    },
  ]);
  return new Map([...implicit, ...defined]);
}
