/** Rule: a private value must not stand in what every member or every log reader sees: answers, events, public state, errors, logs. */
import { ancestorsOf, calleeOf, createRule, isFunction, Node, unitOf, type TSESTree } from './syntax.js';
import { secretsIn, shows } from './secrets.js';
import { vocabularyOf } from './vocabulary.js';

const logs = ['debug', 'error', 'info', 'log', 'trace', 'warn'];

export const noDisclosure = createRule({
  messages: { shown: 'A private value is shown in {{place}}, which others see; show its salted digest, or nothing.' },
  create: (context) => {
    const { publishes, conceals } = vocabularyOf(context);
    const known = new Map<TSESTree.Node, ReadonlySet<string>>();
    const secretsAt = (node: TSESTree.Node): ReadonlySet<string> => {
      const unit = unitOf(node)?.node;
      if (unit === undefined) return new Set();
      const found = known.get(unit) ?? secretsIn(unit, conceals);
      known.set(unit, found);
      return found;
    };
    const check = (node: TSESTree.Node, value: TSESTree.Node | null, place: string): void => {
      if (value && shows(value, secretsAt(node), conceals)) context.report({ node: value, messageId: 'shown', data: { place } });
    };
    /** Whether a function's result is what a method answers: it is the method itself and no callback in it. */
    const isAnswer = (node: TSESTree.Node): boolean => ancestorsOf(node).find(isFunction)?.parent.type === Node.MethodDefinition;
    return {
      // What another function of the file returns is followed no further.
      ReturnStatement: (node) => {
        if (isAnswer(node)) check(node, node.argument, 'the answer');
      },
      ThrowStatement: (node) => {
        check(node, node.argument, 'an error');
      },
      CallExpression: (node) => {
        const name = calleeOf(node);
        const logging = node.callee.type === Node.MemberExpression && logs.includes(name);
        if (!logging && !publishes.includes(name)) return;
        for (const argument of node.arguments) check(node, argument, logging ? 'a log' : `what ${name} publishes`);
      },
    };
  },
});
