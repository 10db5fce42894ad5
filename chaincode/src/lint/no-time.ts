/** Rule: a clock differs from peer to peer; only the transaction's timestamp is the same everywhere. */
import { calleeOf, createRule, Node, type TSESTree } from './syntax.js';

const timers = ['setTimeout', 'setInterval', 'setImmediate'];
/** Methods of Date that depend on the machine's time zone. */
const local = ['getHours', 'getMinutes', 'getDate', 'getDay', 'getMonth', 'getFullYear', 'getTimezoneOffset', 'toDateString', 'toTimeString'];

export const noTime = createRule({
  messages: {
    clock: 'A clock differs from peer to peer; take ctx.stub.getTxTimestamp() or getDateTimestamp().',
    timer: 'A timer makes a transaction depend on the speed of a peer.',
    zone: '{{name}} depends on the time zone of a peer; take the method in UTC.',
  },
  create: (context) => ({
    NewExpression: (node) => {
      if (calleeOf(node) === 'Date' && node.arguments.length === 0) context.report({ node, messageId: 'clock' });
    },
    CallExpression: (node) => {
      const name = calleeOf(node);
      const plain = node.callee.type === Node.Identifier;
      if (plain && name === 'Date') context.report({ node, messageId: 'clock' });
      if (plain && timers.includes(name)) context.report({ node, messageId: 'timer' });
      if (!plain && local.includes(name)) context.report({ node, messageId: 'zone', data: { name } });
    },
    MemberExpression: (node: TSESTree.MemberExpression) => {
      const [object, property] = [node.object, node.property].map((part) => (part.type === Node.Identifier ? part.name : ''));
      if ((object === 'Date' && property === 'now') || object === 'performance' || (object === 'process' && property === 'hrtime')) context.report({ node, messageId: 'clock' });
    },
  }),
});
