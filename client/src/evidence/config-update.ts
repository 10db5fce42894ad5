/** A change of the channel's configuration, judged as an orderer and every peer judge it (Fabric, common/configtx/{update,validator}.go). */
import { common } from '@hyperledger/fabric-protos';
import { sameBytes } from './bytes.js';
import { flatten, type ChannelConfig, type ConfigElement, type ConfigMap } from './channel-config.js';
import { readParty, type Member, type Organizations } from './organizations.js';
import { meetsPolicy } from './policy.js';

/** The members behind the good signatures of an update: each over its signature header and the update. */
function signersOf(update: common.ConfigUpdateEnvelope, organizations: Organizations): Member[] {
  const signers = update.getSignaturesList().map((entry) => {
    const header = entry.getSignatureHeader_asU8();
    const creator = readParty(common.SignatureHeader.deserializeBinary(header).getCreator_asU8());
    return organizations.signer(creator, Buffer.concat([header, update.getConfigUpdate_asU8()]), entry.getSignature_asU8());
  });
  // The same certificate gives the same object, so that each signer counts once.
  return [...new Set(signers.filter((signer) => signer !== undefined))];
}

/** The policy that an element names, as a path: a group's is its own, a value's and a policy's that of the group around. */
function modPolicyOf({ kind, path, modPolicy }: ConfigElement): string {
  if (modPolicy.startsWith('/')) return modPolicy;
  return `${kind === 'group' ? path : path.slice(0, path.lastIndexOf('/'))}/${modPolicy}`;
}

/** What the update changes: all that it writes at another version than it has read. */
function deltaOf(before: ConfigMap, update: common.ConfigUpdate): ConfigElement[] {
  const read = flatten(update.getReadSet() ?? new common.ConfigGroup());
  for (const [key, { version, path }] of read) {
    if (before.get(key)?.version !== version) throw new Error(`the update was made from another ${path} than the one in force`);
  }
  const delta = [...flatten(update.getWriteSet() ?? new common.ConfigGroup())].filter(([key, { version }]) => read.get(key)?.version !== version).map(([, element]) => element);
  if (delta.length === 0) throw new Error('the update changes nothing');
  return delta;
}

/** Every element that is changed goes one version on, under its own policy; a new one has none yet, its group is changed with it. */
function authorize(before: ConfigMap, delta: readonly ConfigElement[], signers: readonly Member[]): void {
  for (const { kind, path, version } of delta) {
    const existing = before.get(`${kind} ${path}`);
    if (version !== (existing === undefined ? 0 : existing.version + 1)) throw new Error(`${path} went to version ${version} from ${existing?.version ?? 'nothing'}`);
    if (existing === undefined) continue;
    const policy = modPolicyOf(existing);
    if (meetsPolicy(before, policy, signers)) continue;
    const who = signers.map(({ mspId, roles }) => `${mspId} (${roles.join(', ')})`).join(', ');
    throw new Error(`${path} was changed by too few: ${policy} is not met by the signatures of ${who === '' ? 'nobody' : who}`);
  }
}

const sameElement = (a: ConfigElement, b: ConfigElement | undefined): boolean =>
  b !== undefined && a.version === b.version && a.modPolicy === b.modPolicy && sameBytes(a.content, b.content) && a.members.join() === b.members.join();

/** The elements that hang together from the root on: what a group no longer names is gone. */
function reachable(elements: ConfigMap, key = 'group /Channel'): ConfigElement[] {
  const element = elements.get(key);
  return element === undefined ? [] : [element, ...element.members.flatMap((member) => reachable(elements, member))];
}

/**
 * Checks that a configuration follows from the one in force by an update that enough have signed.
 * @param bytes serialized `common.ConfigEnvelope` of the block.
 * @throws Error with the reason, when it does not.
 */
export function assertFollows(before: ChannelConfig, organizations: Organizations, channel: string, bytes: Uint8Array, after: ChannelConfig): void {
  if (after.sequence !== before.sequence + 1) throw new Error(`its configuration has number ${after.sequence}, ${before.sequence + 1} is next`);
  const envelope = common.ConfigEnvelope.deserializeBinary(bytes).getLastUpdate() ?? new common.Envelope();
  const signedUpdate = common.ConfigUpdateEnvelope.deserializeBinary(common.Payload.deserializeBinary(envelope.getPayload_asU8()).getData_asU8());
  const update = common.ConfigUpdate.deserializeBinary(signedUpdate.getConfigUpdate_asU8());
  if (update.getChannelId() !== channel) throw new Error(`the update is for channel ${update.getChannelId()}`);
  const delta = deltaOf(before.elements, update);
  authorize(before.elements, delta, signersOf(signedUpdate, organizations));
  const result = reachable(new Map([...before.elements, ...delta.map((element) => [`${element.kind} ${element.path}`, element] as const)]));
  const wrong = result.find((element) => !sameElement(element, after.elements.get(`${element.kind} ${element.path}`)));
  if (wrong !== undefined) throw new Error(`${wrong.path} is not what the update makes of it`);
  if (result.length !== after.elements.size) throw new Error('it holds what the update does not');
}
