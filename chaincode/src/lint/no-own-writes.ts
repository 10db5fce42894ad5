/** Rule: a transaction reads the ledger as it was before it; what it has put itself it does not get. */
import { ancestorsOf, calleeOf, createRule, Node, unitOf, type TSESTree } from './syntax.js';
import { vocabularyOf, type KeyArguments } from './vocabulary.js';

const ends = (node: TSESTree.Node | undefined): boolean => node?.type === Node.ReturnStatement || node?.type === Node.ThrowStatement || node?.type === Node.ContinueStatement || node?.type === Node.BreakStatement;

/** Whether what follows a node is not reached after it: its branch ends, or the other stands in the other branch. */
function partsFrom(node: TSESTree.Node, other: TSESTree.Node): boolean {
  const around = new Set(ancestorsOf(other));
  for (let at = node; at.parent !== undefined && !around.has(at); at = at.parent) {
    const { parent } = at;
    if (ends(at)) return true;
    if (parent.type === Node.BlockStatement && !around.has(parent) && ends(parent.body.at(-1))) return true;
    if (around.has(parent) && (parent.type === Node.IfStatement || parent.type === Node.ConditionalExpression)) return parent.test !== at;
    if (around.has(parent) && parent.type === Node.SwitchStatement) return true;
  }
  return false;
}

export const noOwnWrites = createRule({
  messages: { read: 'This reads the value from before the transaction, not the one that {{name}} has written; keep that in a variable.' },
  create: (context) => {
    const { reads, writes } = vocabularyOf(context);
    const written: { readonly unit: TSESTree.Node; readonly key: string; readonly name: string; readonly node: TSESTree.Node }[] = [];
    const keyOf = (node: TSESTree.CallExpression, [from, to]: KeyArguments): string => node.arguments.slice(from, to).map((part) => context.sourceCode.getText(part)).join();
    return {
      // On the way out, so that a read within a write's arguments comes before it.
      'CallExpression:exit': (node: TSESTree.CallExpression) => {
        const name = calleeOf(node);
        const unit = unitOf(node)?.node;
        if (unit === undefined) return;
        const read = Object.hasOwn(reads, name) ? reads[name] : undefined;
        const write = Object.hasOwn(writes, name) ? writes[name] : undefined;
        if (write !== undefined) written.push({ unit, key: keyOf(node, write), name, node });
        if (read === undefined) return;
        const own = written.find((entry) => entry.unit === unit && entry.key === keyOf(node, read) && !partsFrom(entry.node, node));
        if (own !== undefined) context.report({ node, messageId: 'read', data: { name: own.name } });
      },
    };
  },
});
