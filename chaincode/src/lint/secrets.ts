/** Follows private values through the constants of a function: from private data and transient data to where they are used. */
import { calleeOf, childrenOf, Node, nodesOf, type TSESTree } from './syntax.js';

/** Calls that give private values. */
export const privateSources = ['getPrivateData', 'getPrivateDataByRange', 'getPrivateDataByPartialCompositeKey', 'getPrivateDataQueryResult', 'getTransient'];

/** Names that a pattern binds. */
const boundBy = (pattern: TSESTree.Node): string[] => [...nodesOf(pattern)].flatMap((node) => (node.type === Node.Identifier ? [node.name] : []));

/** Whether an expression shows one of the secret names or calls, outside what conceals it or only measures it. */
export function shows(root: TSESTree.Node, secrets: ReadonlySet<string>, conceals: readonly string[]): boolean {
  if (root.type === Node.CallExpression && conceals.includes(calleeOf(root))) return false;
  if (root.type === Node.MemberExpression && root.property.type === Node.Identifier && ['length', 'byteLength'].includes(root.property.name)) return false;
  if (root.type === Node.BinaryExpression && ['===', '!==', '<', '>', '<=', '>='].includes(root.operator)) return false;
  if (root.type === Node.CallExpression && privateSources.includes(calleeOf(root))) return true;
  if (root.type === Node.Identifier) return secrets.has(root.name);
  return childrenOf(root).some((child) => shows(child, secrets, conceals));
}

/** The names that hold private values in a function, in the order in which they are bound. */
export function secretsIn(unit: TSESTree.Node, conceals: readonly string[]): ReadonlySet<string> {
  const secrets = new Set<string>();
  for (const node of nodesOf(unit)) {
    if (node.type === Node.VariableDeclarator && node.init && shows(node.init, secrets, conceals)) boundBy(node.id).forEach((name) => secrets.add(name));
    if (node.type === Node.AssignmentExpression && shows(node.right, secrets, conceals)) boundBy(node.left).forEach((name) => secrets.add(name));
    if (node.type === Node.ForOfStatement && shows(node.right, secrets, conceals)) boundBy(node.left).forEach((name) => secrets.add(name));
  }
  return secrets;
}
