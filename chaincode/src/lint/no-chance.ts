/** Rule: endorsers must come to the same result, so nothing may depend on chance or on which of several promises is first. */
import { calleeOf, createRule, Node } from './syntax.js';

/** Sources of randomness of Node and the web, whatever they are called on. */
const random = ['random', 'randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID', 'getRandomValues', 'generateKey', 'generateKeySync', 'generateKeyPair', 'generateKeyPairSync'];

export const noChance = createRule({
  messages: {
    random: '{{name}} gives each endorser another value; a client sends random values as arguments or transient data.',
    race: 'Promise.{{name}} depends on which promise is first; await them in order.',
  },
  create: (context) => ({
    CallExpression: (node) => {
      const name = calleeOf(node);
      if (random.includes(name)) context.report({ node, messageId: 'random', data: { name } });
      const { callee } = node;
      const ofPromise = callee.type === Node.MemberExpression && callee.object.type === Node.Identifier && callee.object.name === 'Promise';
      if (ofPromise && ['race', 'any'].includes(name)) context.report({ node, messageId: 'race', data: { name } });
    },
  }),
});
