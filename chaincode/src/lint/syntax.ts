/** What several rules ask of a syntax tree. */
import { AST_NODE_TYPES, type TSESLint, type TSESTree } from '@typescript-eslint/utils';

export { AST_NODE_TYPES as Node, type TSESTree };

/** Makes a rule without options: what a chaincode has of its own stands in the settings (vocabulary.ts), for all rules together. */
export const createRule = <Message extends string>({ messages, create }: Pick<TSESLint.RuleModule<Message>, 'create'> & { readonly messages: Record<Message, string> }): TSESLint.RuleModule<Message> => ({
  meta: { type: 'problem', schema: [], messages, defaultOptions: [] },
  create,
});

/** The name by which a call calls: of a function, or of a method whatever its object is. */
export function calleeOf({ callee }: TSESTree.CallExpression | TSESTree.NewExpression): string {
  if (callee.type === AST_NODE_TYPES.Identifier) return callee.name;
  if (callee.type !== AST_NODE_TYPES.MemberExpression) return '';
  const { property } = callee;
  if (property.type === AST_NODE_TYPES.PrivateIdentifier) return `#${property.name}`;
  return property.type === AST_NODE_TYPES.Identifier ? property.name : '';
}

type Function = TSESTree.FunctionDeclaration | TSESTree.FunctionExpression | TSESTree.ArrowFunctionExpression;

export const isFunction = (node: TSESTree.Node): node is Function =>
  node.type === AST_NODE_TYPES.FunctionDeclaration || node.type === AST_NODE_TYPES.FunctionExpression || node.type === AST_NODE_TYPES.ArrowFunctionExpression;

/** The name of a function that others can call: declared, a constant's, or a method's. */
function nameOf(node: Function): string | undefined {
  if (node.type === AST_NODE_TYPES.FunctionDeclaration) return node.id?.name;
  const { parent } = node;
  if (parent.type === AST_NODE_TYPES.VariableDeclarator && parent.id.type === AST_NODE_TYPES.Identifier) return parent.id.name;
  if (parent.type !== AST_NODE_TYPES.MethodDefinition) return undefined;
  if (parent.key.type === AST_NODE_TYPES.PrivateIdentifier) return `#${parent.key.name}`;
  return parent.key.type === AST_NODE_TYPES.Identifier ? parent.key.name : undefined;
}

/** A function with a name, with all that its callbacks do. */
export interface Unit {
  readonly name: string;
  readonly node: Function;
}

/** The named function in which a node stands, past the callbacks around it. */
export function unitOf(node: TSESTree.Node): Unit | undefined {
  for (let at: TSESTree.Node | undefined = node; at; at = at.parent) {
    const name = isFunction(at) ? nameOf(at) : undefined;
    if (name !== undefined) return { name, node: at as Function };
  }
  return undefined;
}

/** The nodes around a node, from within. */
export function ancestorsOf(node: TSESTree.Node): TSESTree.Node[] {
  const found: TSESTree.Node[] = [];
  for (let at = node.parent; at; at = at.parent) found.push(at);
  return found;
}

/** Whether a class is a contract: it extends one, by name, or has a method decorated with `Transaction`. */
export function isContract(node: TSESTree.ClassDeclaration | TSESTree.ClassExpression): boolean {
  const extending = node.superClass?.type === AST_NODE_TYPES.Identifier && node.superClass.name.endsWith('Contract');
  return extending || node.body.body.some((member) => member.type === AST_NODE_TYPES.MethodDefinition && isTransaction(member));
}

/** Whether a method is decorated with `Transaction`. */
export const isTransaction = ({ decorators }: TSESTree.MethodDefinition): boolean =>
  decorators.some(({ expression }) => (expression.type === AST_NODE_TYPES.CallExpression ? calleeOf(expression) : '') === 'Transaction');

const isNode = (value: unknown): value is TSESTree.Node => typeof value === 'object' && value !== null && 'type' in value && 'range' in value;

/** The nodes below a node, without labels: a member's name and an object's key are no variables. */
export function childrenOf(node: TSESTree.Node): TSESTree.Node[] {
  return (Object.entries(node) as [string, unknown][]).flatMap(([name, value]) => {
    const labels = (name === 'property' && node.type === AST_NODE_TYPES.MemberExpression) || (name === 'key' && node.type === AST_NODE_TYPES.Property);
    if (name === 'parent' || (labels && !node.computed)) return [];
    return (Array.isArray(value) ? (value as unknown[]) : [value]).filter(isNode);
  });
}

/** All nodes of a tree, the root first. */
export function* nodesOf(root: TSESTree.Node): Generator<TSESTree.Node> {
  yield root;
  for (const child of childrenOf(root)) yield* nodesOf(child);
}
