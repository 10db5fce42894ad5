/** How many organizations have to approve a definition before the channel takes its commit. */
import type { ConfigTree } from '../channel/config-tree.js';
import { groupOf, membersOf } from '../channel/membership.js';
import { plainRule, policyText } from '../channel/policy.js';

/**
 * Read from the channel's policy LifecycleEndorsement.
 * @returns undefined for a rule that does not come down to a number; then the commit itself must tell
 */
export function approvalsNeeded(tree: ConfigTree): number | undefined {
  const members = membersOf(tree).length;
  const content = groupOf(tree, 'Application').policies.get('LifecycleEndorsement')?.content;
  const meta = { ANY: 1, ALL: members, MAJORITY: Math.floor(members / 2) + 1 };
  if (!content) return meta.MAJORITY;
  const word = /^(ANY|ALL|MAJORITY) /.exec(policyText(content))?.[1] as keyof typeof meta | undefined;
  return word === undefined ? plainRule(content)?.least : meta[word];
}
