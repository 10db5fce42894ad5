/** A chain that stands up to a trust root, and what its transactions say. */
import { CodedError } from '@epione/protocol';
import type { Evidence } from '../evidence/evidence.js';
import type { TrustRoot } from '../evidence/trust-root.js';
import { verifyChain, type Chain } from './chain/chain.js';
import { repeatHistory } from './replay/history.js';
import type { Registry } from './replay/registry.js';
import { Broken, Report } from './report.js';

/** A chain whose checks have passed, and the ledger that follows from it. */
export interface CheckedHistory {
  readonly chain: Chain;
  readonly ledger: Registry;
}

/** @throws CodedError EVIDENCE_INCOMPLETE when the chain does not stand up to its trust root. */
export function checkedHistory(evidence: Evidence, trustRoot: TrustRoot, chaincode: string): CheckedHistory {
  const report = new Report(trustRoot.genesis);
  try {
    const chain = verifyChain(evidence, trustRoot, report);
    return { chain, ledger: repeatHistory(chain, chaincode, report) };
  } catch (error) {
    if (error instanceof Broken) throw new CodedError('EVIDENCE_INCOMPLETE', `the chain does not stand up to the trust root: ${error.message}`, { cause: error });
    throw error;
  }
}
