/** Rule: a transaction depends on its arguments and on the ledger, not on the machine, its files, its network or its language. */
import { calleeOf, createRule, Node } from './syntax.js';

const outside = [
  'child_process', 'cluster', 'dgram', 'dns', 'fs', 'http', 'http2', 'https', 'inspector', 'net', 'os', 'perf_hooks', 'readline', 'repl', 'sqlite',
  'timers', 'tls', 'v8', 'vm', 'worker_threads',
];
const globals = ['process', 'fetch', 'WebSocket', 'XMLHttpRequest', 'EventSource', 'navigator', 'Intl'];
const byLanguage = ['localeCompare', 'toLocaleString', 'toLocaleDateString', 'toLocaleTimeString', 'toLocaleLowerCase', 'toLocaleUpperCase'];

const isOutside = (specifier: unknown): boolean => typeof specifier === 'string' && outside.includes((specifier.replace(/^node:/, '').split('/')[0] ?? ''));

export const noSurroundings = createRule({
  messages: {
    module: '{{name}} reaches outside the ledger, where endorsers differ.',
    global: '{{name}} differs from peer to peer.',
    language: '{{name}} depends on the language of a peer; compare code units or bytes.',
  },
  create: (context) => ({
    ImportDeclaration: (node) => {
      if (node.importKind !== 'type' && isOutside(node.source.value)) context.report({ node, messageId: 'module', data: { name: node.source.value } });
    },
    CallExpression: (node) => {
      const name = calleeOf(node);
      const [first] = node.arguments;
      if (name === 'require' && first?.type === Node.Literal && isOutside(first.value)) context.report({ node, messageId: 'module', data: { name: first.value } });
      if (byLanguage.includes(name)) context.report({ node, messageId: 'language', data: { name } });
    },
    'Program:exit': (node) => {
      // Globals are what no declaration resolves, or one that stands in no file.
      const { through, variables } = context.sourceCode.getScope(node);
      const undeclared = variables.filter(({ defs }) => defs.length === 0).flatMap(({ references }) => references);
      for (const { identifier } of [...through, ...undeclared]) {
        const { name } = identifier;
        if (globals.includes(name)) context.report({ node: identifier, messageId: 'global', data: { name } });
      }
    },
  }),
});
