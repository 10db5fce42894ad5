/** The calls that rules must know: those of the chaincode API, and a chaincode's own wrappers, named in ESLint's settings. */
import type { TSESLint } from '@typescript-eslint/utils';

/** Where a call names its key: the first argument of it, and the one after its last; all that follow where there is none. */
export type KeyArguments = readonly [from: number, to?: number];

/** Calls by the name of the function or method, whatever object it is called on. */
export interface Vocabulary {
  /** Reads of one key. */
  readonly reads: Readonly<Record<string, KeyArguments>>;
  /** Writes of one key. */
  readonly writes: Readonly<Record<string, KeyArguments>>;
  /** Queries of many keys, or of what is no part of a read set. */
  readonly scans: readonly string[];
  /** Writes to what everybody sees: public state and events. */
  readonly publishes: readonly string[];
  /** Functions that take a transaction's argument apart and refuse what does not fit. */
  readonly checks: readonly string[];
  /** Functions whose result does not show their argument. */
  readonly conceals: readonly string[];
}

const api: Vocabulary = {
  reads: {
    getState: [0, 1], getStateValidationParameter: [0, 1],
    getPrivateData: [0, 2], getPrivateDataHash: [0, 2], getPrivateDataValidationParameter: [0, 2],
  },
  writes: {
    putState: [0, 1], deleteState: [0, 1], setStateValidationParameter: [0, 1],
    putPrivateData: [0, 2], deletePrivateData: [0, 2], purgePrivateData: [0, 2], setPrivateDataValidationParameter: [0, 2],
  },
  scans: [
    'getStateByRange', 'getStateByRangeWithPagination', 'getStateByPartialCompositeKey', 'getStateByPartialCompositeKeyWithPagination',
    'getQueryResult', 'getQueryResultWithPagination', 'getHistoryForKey',
    'getPrivateDataByRange', 'getPrivateDataByPartialCompositeKey', 'getPrivateDataQueryResult',
  ],
  publishes: ['putState', 'setEvent'],
  checks: ['parse', 'safeParse'],
  conceals: ['digest', 'update', 'createHash', 'createHmac'],
};

/** The API's calls and those of `settings.chaincode`, a partial `Vocabulary`. */
export function vocabularyOf({ settings }: Readonly<TSESLint.RuleContext<string, readonly unknown[]>>): Vocabulary {
  const own = (settings['chaincode'] ?? {}) as Partial<Vocabulary>;
  const both = (name: 'scans' | 'publishes' | 'checks' | 'conceals'): readonly string[] => [...api[name], ...(own[name] ?? [])];
  return {
    reads: { ...api.reads, ...own.reads },
    writes: { ...api.writes, ...own.writes },
    scans: both('scans'), publishes: both('publishes'), checks: both('checks'), conceals: both('conceals'),
  };
}
