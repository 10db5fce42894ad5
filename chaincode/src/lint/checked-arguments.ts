/** Rule: whoever may submit sends any text; a transaction uses its arguments only through a function that checks them. */
import { ancestorsOf, calleeOf, createRule, isTransaction, Node, nodesOf, type TSESTree } from './syntax.js';
import { vocabularyOf } from './vocabulary.js';

export const checkedArguments = createRule({
  messages: { unchecked: '{{name}} is used as it came; read it with a function that refuses what does not fit (settings.chaincode.checks).' },
  create: (context) => {
    const { checks } = vocabularyOf(context);
    // JSON.parse refuses no shape.
    const isCheck = (node: TSESTree.CallExpression): boolean => {
      const { callee } = node;
      const ofJson = callee.type === Node.MemberExpression && callee.object.type === Node.Identifier && callee.object.name === 'JSON';
      return checks.includes(calleeOf(node)) && !ofJson;
    };
    const isChecked = (node: TSESTree.Node): boolean => ancestorsOf(node).some((around) => around.type === Node.CallExpression && isCheck(around));
    return {
      MethodDefinition: (method) => {
        const { value } = method;
        if (!isTransaction(method) || !value.body) return;
        const names = value.params.slice(1).flatMap((parameter) => (parameter.type === Node.Identifier ? [parameter.name] : []));
        for (const node of nodesOf(value.body)) {
          if (node.type === Node.Identifier && names.includes(node.name) && !isChecked(node)) context.report({ node, messageId: 'unchecked', data: { name: node.name } });
        }
      },
    };
  },
});
