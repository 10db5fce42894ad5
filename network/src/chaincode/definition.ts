/** A chaincode definition: what organizations agree on, and how two of them differ. */
import { peer as protos } from '@hyperledger/fabric-protos';
import { collectionsText } from './collections.js';
import { applicationPolicyText } from './endorsement-policy.js';

type Lifecycle = typeof protos.lifecycle;

/** What organizations agree on. */
export interface Definition {
  readonly name: string;
  readonly version: string;
  /** From 1; each change of the definition is the next. */
  readonly sequence: number;
  /** Who must endorse a transaction. */
  readonly policy: protos.ApplicationPolicy;
  readonly collections: protos.CollectionConfigPackage;
}

type DefinitionMessage = InstanceType<Lifecycle['ApproveChaincodeDefinitionForMyOrgArgs' | 'CheckCommitReadinessArgs' | 'CommitChaincodeDefinitionArgs']>;
type DefinitionAnswer = InstanceType<Lifecycle['QueryApprovedChaincodeDefinitionResult'] | Lifecycle['QueryChaincodeDefinitionsResult']['ChaincodeDefinition']>;

/** Fills a request of the lifecycle with a definition. Fabric's own endorsement and validation are used, and no init call. */
export function define<T extends DefinitionMessage>(message: T, { name, version, sequence, policy, collections }: Definition): T {
  message.setName(name);
  message.setVersion(version);
  message.setSequence(sequence);
  message.setEndorsementPlugin('escc');
  message.setValidationPlugin('vscc');
  message.setValidationParameter(policy.serializeBinary());
  if (collections.getConfigList().length > 0) message.setCollections(collections);
  return message;
}

/** The definition in an answer of the lifecycle. */
export function definitionOf(name: string, answer: DefinitionAnswer): Definition {
  return {
    name,
    version: answer.getVersion(),
    sequence: answer.getSequence(),
    policy: protos.ApplicationPolicy.deserializeBinary(answer.getValidationParameter_asU8()),
    collections: answer.getCollections() ?? new protos.CollectionConfigPackage(),
  };
}

const same = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;

/** Whether two definitions say the same, whatever their sequence. */
export function saysTheSame(one: Definition, other: Definition): boolean {
  return (
    one.version === other.version &&
    same(one.policy.serializeBinary(), other.policy.serializeBinary()) &&
    same(one.collections.serializeBinary(), other.collections.serializeBinary())
  );
}

/** One line of the difference between what is in force and what would be. */
export interface Difference {
  readonly field: 'version' | 'sequence' | 'endorsement policy' | 'collections' | `package of ${string}`;
  /** Absent when nothing is in force. */
  readonly inForce?: string;
  readonly next: string;
}

/** What changes from one definition to the next. */
export function differences(inForce: Definition | undefined, next: Definition): Difference[] {
  const fields = [
    ['version', (of: Definition) => of.version],
    ['sequence', (of: Definition) => String(of.sequence)],
    ['endorsement policy', (of: Definition) => applicationPolicyText(of.policy)],
    ['collections', (of: Definition) => collectionsText(of.collections)],
  ] as const;
  return fields
    .map(([field, text]) => ({ field, ...(inForce ? { inForce: text(inForce) } : {}), next: text(next) }))
    .filter((line) => line.inForce !== line.next);
}
