/** An ESLint plugin for TypeScript chaincode: what makes endorsers differ, transactions conflict, or private values public. */
import { checkedArguments } from './checked-arguments.js';
import { noChance } from './no-chance.js';
import { noDisclosure } from './no-disclosure.js';
import { noFloats } from './no-floats.js';
import { noOwnWrites } from './no-own-writes.js';
import { noPhantoms } from './no-phantoms.js';
import { noState } from './no-state.js';
import { noSurroundings } from './no-surroundings.js';
import { noTime } from './no-time.js';
import { saltedPrivateData } from './salted-private-data.js';

/** The rules by name. */
export const rules = {
  'checked-arguments': checkedArguments,
  'no-chance': noChance,
  'no-disclosure': noDisclosure,
  'no-floats': noFloats,
  'no-own-writes': noOwnWrites,
  'no-phantoms': noPhantoms,
  'no-state': noState,
  'no-surroundings': noSurroundings,
  'no-time': noTime,
  'salted-private-data': saltedPrivateData,
};

const plugin = { meta: { name: 'chaincode' }, rules };

/** A flat configuration with all rules as errors; add `files`, and wrappers as `settings.chaincode` (vocabulary.ts). */
export const recommended = {
  plugins: { chaincode: plugin },
  rules: Object.fromEntries(Object.keys(rules).map((name) => [`chaincode/${name}`, 'error' as const])),
};
