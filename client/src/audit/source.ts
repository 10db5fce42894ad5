/** Where an audit reads from: a running channel or an exported folder, checked against a trust root where one is given. */
import { readEvidence, type Evidence } from '../evidence/evidence.js';
import { readTrustRoot, type TrustRoot } from '../evidence/trust-root.js';
import { connect } from '../ledger/connect.js';
import { UsageError } from '../ledger/faults.js';
import { readProfile, type IdentityName } from '../ledger/profile.js';

/** Options that all commands share. */
export interface SourceOptions {
  readonly profile?: string;
  readonly identity: IdentityName;
  readonly evidence?: string;
  readonly trustRoot?: string;
  readonly chaincode?: string;
  readonly study?: string;
  readonly json?: boolean;
  readonly allowClassicalTls?: boolean;
}

/** What a command works on. */
export interface Source {
  readonly evidence: Evidence;
  readonly trustRoot?: TrustRoot;
  readonly chaincode: string;
}

const defaultChaincode = 'epione';

/** Evidence of a running channel. @throws UsageError, CodedError UNAVAILABLE, NOT_AUTHORISED. */
async function fromChannel(path: string, { identity, allowClassicalTls = false }: SourceOptions): Promise<Pick<Source, 'evidence' | 'chaincode'>> {
  const profile = await readProfile(path);
  using ledger = await connect(profile, { identity, allowClassicalTls });
  return { evidence: await ledger.evidence(), chaincode: profile.chaincode };
}

/** Opens the source that the options name. @throws UsageError unless it is exactly one; CodedError. */
export async function openSource(options: SourceOptions): Promise<Source> {
  const { profile, evidence: folder, trustRoot } = options;
  if ((profile === undefined) === (folder === undefined)) throw new UsageError('give either --profile FILE or --evidence DIR');
  const found = profile === undefined ? { evidence: await readEvidence(folder ?? ''), chaincode: defaultChaincode } : await fromChannel(profile, options);
  return {
    evidence: found.evidence,
    chaincode: options.chaincode ?? found.chaincode,
    ...(trustRoot === undefined ? {} : { trustRoot: await readTrustRoot(trustRoot) }),
  };
}
