/** Whether an endorsement policy can be met in a channel at all: Fabric takes any, and then nothing can be written. */
import type { peer as protos } from '@hyperledger/fabric-protos';
import { applicationPolicyText } from './endorsement-policy.js';
import type { ConfigTree } from '../channel/config-tree.js';
import { membersOf } from '../channel/membership.js';
import { namedIn } from '../channel/policy.js';
import { NetworkError } from '../error.js';

/** The group of a path's folders, where `/Channel/Application` has the folders Channel and Application. */
function groupAt(tree: ConfigTree, [root, ...folders]: readonly string[]): ConfigTree | undefined {
  return folders.reduce<ConfigTree | undefined>((group, folder) => group?.groups.get(folder), root === 'Channel' ? tree : undefined);
}

/** @throws {NetworkError} DEFINITION_INVALID when it names a policy that the channel does not have, or organizations that are no members */
export function requireKnownPolicy(tree: ConfigTree, policy: protos.ApplicationPolicy): void {
  const text = applicationPolicyText(policy);
  const members = membersOf(tree);
  if (text.startsWith('/')) {
    const folders = text.slice(1).split('/');
    const name = folders.pop() ?? '';
    if (groupAt(tree, folders)?.policies.has(name)) return;
    const known = [...(groupAt(tree, ['Channel', 'Application'])?.policies.keys() ?? [])].map((other) => `/Channel/Application/${other}`);
    throw new NetworkError('DEFINITION_INVALID', `The channel has no policy ${text}.`, `Name one of ${known.sort().join(', ')}, or write a policy.`);
  }
  const strangers = namedIn(text).filter((mspId) => !members.includes(mspId));
  if (strangers.length > 0) throw new NetworkError('DEFINITION_INVALID', `The policy ${text} names ${strangers.join(', ')}, no member of the channel.`, `Its members are ${members.sort().join(', ')}.`);
}
