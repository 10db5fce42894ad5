/** Rule: no query in a transaction that writes: ranges conflict with every new key, and histories and rich queries are not checked at all. */
import { calleeOf, createRule, Node, unitOf, type TSESTree, type Unit } from './syntax.js';
import { vocabularyOf } from './vocabulary.js';

interface Call {
  readonly name: string;
  readonly node: TSESTree.CallExpression;
}

/** Whether a call may be one of a function of this file: by name, or of an own method. */
const isOwn = ({ node: { callee } }: Call): boolean => callee.type === Node.Identifier || (callee.type === Node.MemberExpression && callee.object.type === Node.ThisExpression);

export const noPhantoms = createRule({
  messages: { query: '{{name}} in a transaction that writes: it conflicts with others or reads what is not checked at commit. Read the keys one by one, from an explicit list.' },
  create: (context) => {
    const { writes, scans } = vocabularyOf(context);
    const units = new Map<string, { readonly unit: Unit; readonly calls: Call[] }>();
    /** The first call of a unit that does something itself or in a function of this file. */
    const firstTo = (unitName: string, does: (name: string) => boolean, seen: readonly string[] = []): Call | undefined =>
      units.get(unitName)?.calls.find((call) => does(call.name) || (isOwn(call) && !seen.includes(call.name) && firstTo(call.name, does, [...seen, unitName]) !== undefined));
    return {
      CallExpression: (node) => {
        const unit = unitOf(node);
        if (unit === undefined) return;
        const entry = units.get(unit.name) ?? { unit, calls: [] };
        entry.calls.push({ name: calleeOf(node), node });
        units.set(unit.name, entry);
      },
      'Program:exit': () => {
        const reported = new Set<TSESTree.Node>();
        for (const name of units.keys()) {
          const query = firstTo(name, (called) => scans.includes(called));
          const write = firstTo(name, (called) => Object.hasOwn(writes, called));
          if (query === undefined || write === undefined || reported.has(query.node)) continue;
          reported.add(query.node);
          context.report({ node: query.node, messageId: 'query', data: { name: query.name } });
        }
      },
    };
  },
});
