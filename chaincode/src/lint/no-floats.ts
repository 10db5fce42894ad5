/** Rule: fractions are rounded, and some functions of Math differ between engines; the ledger keeps integers and texts. */
import { calleeOf, createRule, Node, nodesOf, type TSESTree } from './syntax.js';
import { vocabularyOf } from './vocabulary.js';

/** Functions that ECMAScript leaves to the engine's approximation. */
const approximate = ['acos', 'acosh', 'asin', 'asinh', 'atan', 'atan2', 'atanh', 'cbrt', 'cos', 'cosh', 'exp', 'expm1', 'hypot', 'log', 'log10', 'log1p', 'log2', 'pow', 'sin', 'sinh', 'tan', 'tanh'];
const rounds = ['floor', 'ceil', 'round', 'trunc'];

const isFraction = (node: TSESTree.Node): boolean =>
  (node.type === Node.Literal && typeof node.value === 'number' && !Number.isInteger(node.value)) ||
  (node.type === Node.BinaryExpression && node.operator === '/') ||
  (node.type === Node.CallExpression && ['parseFloat', 'toFixed', 'toPrecision', 'toExponential'].includes(calleeOf(node)));

/** The first fraction in an expression that is not rounded to an integer. */
function fractionIn(root: TSESTree.Node): TSESTree.Node | undefined {
  const rounded = [...nodesOf(root)].filter((node) => node.type === Node.CallExpression && rounds.includes(calleeOf(node)));
  return [...nodesOf(root)].find((node) => isFraction(node) && !rounded.some(({ range }) => range[0] <= node.range[0] && node.range[1] <= range[1]));
}

export const noFloats = createRule({
  messages: {
    written: 'A fraction is written to the ledger; write an integer in a smaller unit, or a decimal text.',
    approximate: 'Math.{{name}} may differ between engines.',
  },
  create: (context) => {
    const { writes, publishes } = vocabularyOf(context);
    /** The value of a constant that is named, as the writes see it. */
    const meant = (node: TSESTree.Node): TSESTree.Node[] =>
      [...nodesOf(node)].flatMap((part) => {
        if (part.type !== Node.Identifier) return [];
        for (let scope: ReturnType<typeof context.sourceCode.getScope> | null = context.sourceCode.getScope(part); scope; scope = scope.upper) {
          const definition = scope.set.get(part.name)?.defs[0]?.node;
          if (definition?.type === Node.VariableDeclarator && definition.init) return [definition.init];
        }
        return [];
      });
    return {
      CallExpression: (node) => {
        const name = calleeOf(node);
        const { callee } = node;
        const ofMath = callee.type === Node.MemberExpression && callee.object.type === Node.Identifier && callee.object.name === 'Math';
        if (ofMath && approximate.includes(name)) context.report({ node, messageId: 'approximate', data: { name } });
        if (!(name in writes) && !publishes.includes(name)) return;
        const found = node.arguments.flatMap((argument) => [argument, ...meant(argument)]).map(fractionIn).find((fraction) => fraction !== undefined);
        if (found !== undefined) context.report({ node: found, messageId: 'written' });
      },
    };
  },
});
