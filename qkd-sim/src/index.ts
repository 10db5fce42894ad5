/** The door of this package: everything others may use. */
export { QkdError, type QkdErrorCode } from './error.js';
export { profileNames, profileOf } from './profiles/named.js';
export { type PairProfile, type Profile, type WeakPulseProfile, blockBits } from './profiles/profile.js';
export type { LinkState, LinkStatus } from './kme/link-status.js';
export type { SiteStatus } from './site/site-status.js';
export { type Topology, type WrittenSite, readTopology, writeSiteConfigs } from './site/topology.js';

// The algorithms, for researchers and benchmarks.
export { type FillRandom, RandomNumbers, randomBytesOf, seededRandom, systemRandom } from './random.js';
export type { ClickBatch } from './optics/event-sampler.js';
export { Optics } from './optics/optics.js';
export { pulseByPulse } from './optics/pulse-by-pulse.js';
export { BATCH_CLICKS } from './link/quantum-channel.js';
export { AliceSifting, BobSifting } from './distillation/sifting.js';
export { clearlyAbove, measuredQber } from './distillation/parameter-estimation.js';
export { type CascadeVariant, type CascadeVariantName, cascadeVariantNames, cascadeVariants } from './distillation/cascade-variant.js';
export { type CascadePoint, cascadePoint, cascadeStudy, noisyFrames, reconcileFrames } from './study/cascade-study.js';
export { publishedQbers } from './study/published-cascade.js';
export { Cascade } from './distillation/cascade.js';
export type { Reconciler } from './distillation/reconciler.js';
export { type Reconciliation, reconcilerOf, reconciliationNames } from './distillation/reconciliation.js';
export { Ldpc } from './distillation/ldpc/ldpc.js';
export { reconcileFrame } from './distillation/cascade-reference.js';
export { VERIFICATION_BITS, verificationHash } from './distillation/error-verification.js';
export { type Counts, type DecoyParameters, type KeyLength, entropy, keyLength } from './distillation/finite-key.js';
export { type DecoyLink, type Observed, type SinglePhotons, gllpRate, infiniteDecoyRate, infiniteDecoys, observed, optimalMean, reachKm, vacuumAndWeak, vacuumAndWeakRate } from './distillation/key-rate/decoy-rate.js';
export { TSIRELSON, bbm92Rate, chshOf, deviceIndependentRate } from './distillation/key-rate/entanglement.js';
export { type DecoyProtocol, type DetectionModel, type ExpectedKey, expectedBlock, expectedKey } from './distillation/key-rate/expected-block.js';
export { bb84Rate, deadTimeRate, interceptResendQber, interceptResendThreshold, multiPhotonShare, plobBound, sixStateRate, threshold, transmittanceOf } from './distillation/key-rate/ideal-bounds.js';
export { optimalKey } from './distillation/key-rate/optimal-block.js';
export { type OneBasisCounts, tomamichelLength } from './distillation/tomamichel.js';
export { secretLength } from './distillation/secret-length.js';
export { type BitProducts, PRODUCT_BYTES, PlainBitProducts } from './distillation/bit-products.js';
export { VectorBitProducts } from './distillation/vector-bit-products.js';
export { amplify } from './distillation/privacy-amplification.js';
export { type SentMessage, type TagKey, authenticationTag, tagKeys, xor } from './distillation/authentication.js';
