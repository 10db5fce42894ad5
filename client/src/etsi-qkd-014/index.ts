/** The door to key delivery: a client of ETSI GS QKD 014 V1.1.1 that needs nothing else of this package, and the examination of a server. */
export { EtsiQkd014Client, type KeyRequest } from './client.js';
export { EtsiQkd014Error, type EtsiQkd014Code, type ServerWords } from './error.js';
export type { KmeStatus } from './messages.js';
export { readTlsIdentity, type ClientFiles, type ClientOptions, type TlsFiles } from './options.js';
export { watchPool, type PoolReading, type WatchOptions } from './pool.js';
export { agentProxy, proxyFor, type ProxyEnv } from './proxy.js';
export { KeyContainer, QkdKey, type KeyParts } from './qkd-key.js';
export type { TlsConnection, TlsIdentity } from './transport.js';
export { examine, type ExamineOptions, type Finding, type OtherSae, type Report } from './doctor/examine.js';
export { printReport } from './doctor/print.js';
export type { Depth, Verdict } from './doctor/probe.js';
