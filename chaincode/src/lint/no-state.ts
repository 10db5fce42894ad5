/** Rule: what a transaction leaves in memory is seen by later ones on this peer only; state belongs to the ledger. */
import { calleeOf, createRule, isContract, Node, unitOf, type TSESTree } from './syntax.js';

const collections = ['Map', 'Set', 'WeakMap', 'WeakSet', 'Array'];
const mutations = ['set', 'add', 'delete', 'clear', 'push', 'pop', 'shift', 'unshift', 'splice', 'sort', 'reverse', 'fill'];

/** Whether an initial value can be changed in place. */
const isMutable = (node: TSESTree.Expression | null | undefined): boolean =>
  node?.type === Node.ArrayExpression || node?.type === Node.ObjectExpression || (node?.type === Node.NewExpression && collections.includes(calleeOf(node)));

/** The name at the root of `a.b[c].d`. */
function rootOf(node: TSESTree.Node): TSESTree.Node {
  return node.type === Node.MemberExpression ? rootOf(node.object) : node;
}

export const noState = createRule({
  messages: {
    module: 'A variable of the module outlives the transaction; endorsers that have run others see other values.',
    changed: '{{name}} outlives the transaction and is changed here.',
    field: 'A field of a contract outlives the transaction; keep state on the ledger, constants outside the class.',
    assigned: 'This assigns to the contract, which outlives the transaction.',
  },
  create: (context) => {
    const atModule = new Set<string>();
    let depth = 0;
    const changes: { readonly node: TSESTree.Node; readonly name: string }[] = [];
    const change = (node: TSESTree.Node, target: TSESTree.Node): void => {
      const root = rootOf(target);
      if (root.type === Node.Identifier && unitOf(node) !== undefined) changes.push({ node, name: root.name });
      if (root.type === Node.ThisExpression && depth > 0 && unitOf(node)?.name !== 'constructor') context.report({ node, messageId: 'assigned' });
    };
    const enter = (node: TSESTree.ClassDeclaration | TSESTree.ClassExpression): void => {
      if (isContract(node)) depth += 1;
    };
    const leave = (node: TSESTree.ClassDeclaration | TSESTree.ClassExpression): void => {
      if (isContract(node)) depth -= 1;
    };
    return {
      ClassDeclaration: enter,
      ClassExpression: enter,
      'ClassDeclaration:exit': leave,
      'ClassExpression:exit': leave,
      PropertyDefinition: (node) => {
        if (depth > 0 && !node.declare && (!node.readonly || isMutable(node.value))) context.report({ node, messageId: 'field' });
      },
      VariableDeclaration: (node) => {
        const { type } = node.parent;
        if ((type !== Node.Program && type !== Node.ExportNamedDeclaration) || node.declare) return;
        if (node.kind === 'let' || node.kind === 'var') context.report({ node, messageId: 'module' });
        for (const { id, init } of node.declarations) if (id.type === Node.Identifier && isMutable(init)) atModule.add(id.name);
      },
      AssignmentExpression: (node) => {
        if (node.left.type === Node.MemberExpression) change(node, node.left);
      },
      UpdateExpression: (node) => {
        if (node.argument.type === Node.MemberExpression) change(node, node.argument);
      },
      CallExpression: (node) => {
        if (node.callee.type === Node.MemberExpression && mutations.includes(calleeOf(node))) change(node, node.callee.object);
      },
      'Program:exit': () => {
        for (const { node, name } of changes) if (atModule.has(name)) context.report({ node, messageId: 'changed', data: { name } });
      },
    };
  },
});
