/** The door of this package: the ledger as typed calls, its evidence, and the verification of that evidence. */
export { connect, type ConnectOptions } from './ledger/connect.js';
export { readProfile, type ConnectionProfile, type GatewayPeer, type IdentityName, type Pkcs11Key } from './ledger/profile.js';
export { Ledger, type AccessPage, type Committed, type ParticipantView, type ProposalView, type StudyLine, type StudyView } from './ledger/ledger.js';
export type { EventOptions, EventPosition, LedgerEvent } from './ledger/events.js';
export { consume, EventStore, type ConsumeOptions, type Effect, type EventSource } from './ledger/event-store.js';
export type { RawBlock } from './ledger/blocks.js';
export { blockDigest, readBlock, type Block } from './evidence/block.js';
export type { Receipt } from './ledger/submit.js';
export { pkcs11Signer, type TokenSigner } from './ledger/pkcs11-signer.js';
export type { Timeouts } from './ledger/gateways.js';
export { transactionOf, UsageError, type TransactionFault } from './ledger/faults.js';
export { readEvidence, writeEvidence, type Evidence, type SignedHead } from './evidence/evidence.js';
export { readTrustRoot, type TrustRoot } from './evidence/trust-root.js';
export { readContentKeys, type ContentKeys } from './verify/recompute.js';
export { CHECKS, type Check, type CheckName, type Verdict } from './verify/report.js';
export { verify, type VerifyOptions } from './verify/verify.js';
