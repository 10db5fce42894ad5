/** Rule: every peer has the hash of a private value, and who can guess the value confirms it by the hash: values need a salt, and come as transient data. */
import { calleeOf, createRule, isFunction, Node, nodesOf, unitOf, type TSESTree } from './syntax.js';

/** Names that tell of a salt, or of a seal that has one. */
const salted = /salt|nonce|seal|cipher|encrypt|hmac/i;

export const saltedPrivateData = createRule({
  messages: {
    argument: 'The arguments of a transaction stand in its block; private values come as transient data.',
    unsalted: 'Nothing here tells of a salt: whoever guesses the value confirms it by its public hash.',
  },
  create: (context) => {
    /** An expression and the constants of its function that it names, so far as they are bound there. */
    const meant = (root: TSESTree.Node, unit: TSESTree.Node, seen: ReadonlySet<string> = new Set()): TSESTree.Node[] => {
      const names = [...nodesOf(root)].flatMap((node) => (node.type === Node.Identifier && !seen.has(node.name) ? [node.name] : []));
      const bindings = [...nodesOf(unit)].flatMap((node) =>
        node.type === Node.VariableDeclarator && node.init && [...nodesOf(node.id)].some((id) => id.type === Node.Identifier && names.includes(id.name)) ? [node.init] : [],
      );
      return [root, ...bindings.flatMap((binding) => meant(binding, unit, new Set([...seen, ...names])))];
    };
    return {
      CallExpression: (node) => {
        const unit = unitOf(node)?.node;
        const value = node.arguments[2];
        if (calleeOf(node) !== 'putPrivateData' || value === undefined || unit === undefined || !isFunction(unit)) return;
        const parts = meant(value, unit);
        const parameters = unit.params.slice(1).flatMap((parameter) => (parameter.type === Node.Identifier ? [parameter.name] : []));
        const public_ = unit.parent.type === Node.MethodDefinition && parts.some((part) => [...nodesOf(part)].some((inner) => inner.type === Node.Identifier && parameters.includes(inner.name)));
        if (public_) context.report({ node: value, messageId: 'argument' });
        else if (!parts.some((part) => salted.test(context.sourceCode.getText(part)))) context.report({ node: value, messageId: 'unsalted' });
      },
    };
  },
});
