/** The door of this package: everything others may use. */
export { createAuthority, issueCertificate, validFor, type CertificateRequest, type IssuedCertificate } from './identities/certificate-authority.js';
export { connectPeer, type PeerConnection } from './connection/gateway.js';
export { deploy, type DeployOptions, type DeployResult } from './chaincode/deploy.js';
export { doctor, type Finding } from './doctor/doctor.js';
export { clean, down } from './down.js';
export { NetworkError, type NetworkErrorCode } from './error.js';
export { readAuthority } from './identities/identities.js';
export { type Profile, type TrustRoot } from './profile.js';
export { status, type NetworkStatus, type ProcessStatus } from './status.js';
export { readSnapshot, takeSnapshot, type Snapshot, type TakeOptions } from './channel/snapshots.js';
export { resetPeer, type ResetOptions, type ResetResult } from './reset.js';
export { supervise } from './supervise.js';
export { type Network, type Organization } from './state.js';
export { parseTopology, readTopology, type Topology } from './topology.js';
export { type NetworkOptions } from './options.js';
export { up, type UpResult } from './up.js';
