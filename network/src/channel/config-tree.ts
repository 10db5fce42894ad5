/** The channel's configuration as a tree of plain values: what Fabric's ConfigGroup holds, easy to copy, edit and compare. */
import { common } from '@hyperledger/fabric-protos';

/** A value or a policy. `content` is a value's bytes, or a policy's message as bytes; absent in a read set, where only the version counts. */
export interface ConfigElement {
  readonly version: number;
  /** Name of the policy that must be met to change it. */
  readonly modPolicy: string;
  readonly content?: Uint8Array;
}

/** A group: the channel, its orderers, its members, or one organization. */
export interface ConfigTree {
  readonly version: number;
  readonly modPolicy: string;
  readonly values: Map<string, ConfigElement>;
  readonly policies: Map<string, ConfigElement>;
  readonly groups: Map<string, ConfigTree>;
}

/** What is needed of google-protobuf's map, whose own types are not part of the messages' package. */
interface MessageMap<T> {
  forEach(each: (value: T, key: string) => void): void;
  set(key: string, value: T): unknown;
}

const valuesOf = (group: common.ConfigGroup): MessageMap<common.ConfigValue> => group.getValuesMap() as MessageMap<common.ConfigValue>;
const policiesOf = (group: common.ConfigGroup): MessageMap<common.ConfigPolicy> => group.getPoliciesMap() as MessageMap<common.ConfigPolicy>;
const groupsOf = (group: common.ConfigGroup): MessageMap<common.ConfigGroup> => group.getGroupsMap() as MessageMap<common.ConfigGroup>;

/** Takes a group apart. */
export function decodeTree(group: common.ConfigGroup): ConfigTree {
  const tree: ConfigTree = { version: group.getVersion(), modPolicy: group.getModPolicy(), values: new Map(), policies: new Map(), groups: new Map() };
  valuesOf(group).forEach((value, name) => tree.values.set(name, { version: value.getVersion(), modPolicy: value.getModPolicy(), content: value.getValue_asU8() }));
  policiesOf(group).forEach((policy, name) =>
    tree.policies.set(name, { version: policy.getVersion(), modPolicy: policy.getModPolicy(), content: (policy.getPolicy() ?? new common.Policy()).serializeBinary() }),
  );
  groupsOf(group).forEach((inner, name) => tree.groups.set(name, decodeTree(inner)));
  return tree;
}

/** Makes the group again. */
export function encodeTree(tree: ConfigTree): common.ConfigGroup {
  const group = new common.ConfigGroup();
  group.setVersion(tree.version);
  group.setModPolicy(tree.modPolicy);
  for (const [name, { version, modPolicy, content }] of tree.values) {
    const value = new common.ConfigValue();
    value.setVersion(version);
    value.setModPolicy(modPolicy);
    if (content) value.setValue(content);
    valuesOf(group).set(name, value);
  }
  for (const [name, { version, modPolicy, content }] of tree.policies) {
    const policy = new common.ConfigPolicy();
    policy.setVersion(version);
    policy.setModPolicy(modPolicy);
    if (content) policy.setPolicy(common.Policy.deserializeBinary(content));
    policiesOf(group).set(name, policy);
  }
  for (const [name, inner] of tree.groups) groupsOf(group).set(name, encodeTree(inner));
  return group;
}

/** A copy whose maps can be changed; elements are never changed in place. */
export function copyTree(tree: ConfigTree): ConfigTree {
  return { ...tree, values: new Map(tree.values), policies: new Map(tree.policies), groups: new Map([...tree.groups].map(([name, inner]) => [name, copyTree(inner)])) };
}

/** Sets the content of a value or policy, and keeps its version, which the update counts up, and its policy of change. */
export function setContent(elements: Map<string, ConfigElement>, name: string, content: Uint8Array): void {
  elements.set(name, { version: 0, modPolicy: 'Admins', ...elements.get(name), content });
}
