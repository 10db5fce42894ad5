/** Settings of peers and orderers: the core.yaml and orderer.yaml of each, whole and with absolute paths. */
import { join } from 'node:path';
import { credential, ledgerDir, type Network, type Organization } from '../state.js';

const loopback = (port: number): string => `127.0.0.1:${port}`;
// A loaded machine can pause a node for a while; calls carry whole chaincode packages.
const maxMessageBytes = 104_857_600;
const bccsp = { Default: 'SW', SW: { Hash: 'SHA2', Security: 256 } };
const metrics = { provider: 'prometheus' };

/** Where the peer's builder reads how to reach the organization's chaincode process. */
export function connectionFile(organization: Organization): string {
  return join(organization.dir, 'chaincode', 'connection.json');
}

/** Folder of the external builder's three scripts. */
export function builderDir(network: Network): string {
  return join(network.dir, 'builder');
}

/** The variable that tells the builder's `release` where connection.json lies, so that one package serves all organizations. */
export const connectionVariable = 'EPIONE_CHAINCODE_CONNECTION';

// Fabric's defaults for gossip let peers that start together refuse each other for 25 s. One peer is its organization's
// leader and takes blocks from the orderers itself.
function gossip({ ports }: Organization): object {
  const endpoint = `localhost:${ports.peer}`;
  return {
    bootstrap: endpoint,
    endpoint,
    externalEndpoint: endpoint,
    orgLeader: true,
    useLeaderElection: false,
    state: { enabled: false },
    reconnectInterval: '250ms',
    maxConnectionAttempts: 2400,
    aliveTimeInterval: '1s',
    aliveExpirationTimeout: '5s',
    publishStateInfoInterval: '500ms',
    requestStateInfoInterval: '500ms',
    // A first dial finds a peer that does not yet trust the other organizations, and is only repeated after this time.
    dialTimeout: '500ms',
    // How often the gauge is set by which `up` sees that all peers know each other.
    membershipTrackerInterval: '200ms',
    // Without pushAckTimeout every private write fails, there is no default. With 60 s for pullRetryThreshold a wiped peer
    // waits a minute for approvals that nobody else has.
    pvtData: {
      pullRetryThreshold: '2s',
      transientstoreMaxBlockRetention: 20_000,
      pushAckTimeout: '3s',
      btlPullMargin: 10,
      reconcileBatchSize: 10,
      reconcileSleepInterval: '1m',
      reconciliationEnabled: true,
      skipPullingInvalidTransactionsDuringCommit: false,
      implicitCollectionDisseminationPolicy: { requiredPeerCount: 0, maxPeerCount: 1 },
    },
  };
}

/** core.yaml of an organization's peer. */
export function peerSettings(network: Network, organization: Organization): object {
  const { mspId, dir, host, ports } = organization;
  const tls = credential(organization, 'tls', 'peer');
  const data = ledgerDir(network, `peer.${mspId}`);
  const peer = {
    id: `peer.${mspId}`,
    networkId: network.topology.channel,
    // The sites' workers come from outside; all other nodes are on this machine.
    listenAddress: host === undefined ? loopback(ports.peer) : `0.0.0.0:${ports.peer}`,
    address: `localhost:${ports.peer}`,
    chaincodeListenAddress: loopback(ports.peerChaincode),
    chaincodeAddress: `localhost:${ports.peerChaincode}`,
    localMspId: mspId,
    localMspType: 'bccsp',
    mspConfigPath: join(dir, 'peer', 'msp'),
    fileSystemPath: data,
    // W of the protocol: how far a transaction's timestamp may be from a peer's clock.
    authentication: { timewindow: '15s' },
    // A peer that stands still is passed over after endorsementTimeout, well within the time that a client gives to it all.
    gateway: { enabled: true, endorsementTimeout: '5s', broadcastTimeout: '30s', dialTimeout: '2m' },
    keepalive: {
      interval: '7200s',
      timeout: '20s',
      minInterval: '60s',
      client: { interval: '60s', timeout: '20s' },
      deliveryClient: { interval: '60s', timeout: '20s' },
    },
    gossip: gossip(organization),
    // Delay between attempts grows up to the threshold: an hour by default, while orderers restart in a second.
    deliveryclient: {
      blockGossipEnabled: false,
      reconnectTotalTimeThreshold: '3600s',
      connTimeout: '3s',
      reConnectBackoffThreshold: '2s',
      minimalReconnectInterval: '100ms',
      // After this time without a block that other orderers have announced, a peer takes blocks from another orderer.
      blockCensorshipTimeoutKey: '2s',
      policy: 'cluster',
    },
    tls: {
      enabled: true,
      clientAuthRequired: false,
      cert: { file: tls.certificateFile },
      key: { file: tls.privateKeyFile },
      rootcert: { file: credential(organization, 'authorities', 'tls').certificateFile },
    },
    BCCSP: bccsp,
    client: { connTimeout: '3s' },
    handlers: {
      authFilters: [{ name: 'DefaultAuth' }, { name: 'ExpirationCheck' }, { name: 'TimeWindowCheck' }],
      decorators: [{ name: 'DefaultDecorator' }],
      endorsers: { escc: { name: 'DefaultEndorsement' } },
      validators: { vscc: { name: 'DefaultValidation' } },
    },
    discovery: { enabled: true, authCacheEnabled: true, authCacheMaxSize: 1000, authCachePurgeRetentionRatio: 0.75, orgMembersAllowedAccess: false },
    limits: { concurrency: { endorserService: 2500, deliverService: 2500, gatewayService: 500 } },
    maxRecvMsgSize: maxMessageBytes,
    maxSendMsgSize: maxMessageBytes,
  };
  const chaincode = {
    externalBuilders: [{ name: 'epione', path: builderDir(network), propagateEnvironment: [connectionVariable] }],
    installTimeout: '60s',
    startuptimeout: '60s',
    executetimeout: '30s',
    mode: 'net',
    // Fabric's Node library does not answer keep-alive messages.
    keepalive: 0,
    system: { _lifecycle: 'enable', cscc: 'enable', lscc: 'enable', qscc: 'enable' },
    logging: { level: 'info', shim: 'warning' },
    runtimeParams: { useWriteBatch: true, maxSizeWriteBatch: 1000, useGetMultipleKeys: true, maxSizeGetMultipleKeys: 1000 },
  };
  const ledger = {
    state: { stateDatabase: 'goleveldb', totalQueryLimit: 100_000 },
    history: { enableHistoryDatabase: true },
    pvtdataStore: {
      collElgProcMaxDbBatchSize: 5000,
      collElgProcDbBatchesInterval: 1000,
      deprioritizedDataReconcilerInterval: '60m',
      purgeInterval: 100,
      purgedKeyAuditLogging: true,
    },
    snapshots: { rootDir: join(data, 'snapshots') },
  };
  // An empty endpoint leaves Docker out, its health check too.
  return { peer, vm: { endpoint: '' }, chaincode, ledger, operations: { listenAddress: loopback(ports.peerOperations), tls: { enabled: false } }, metrics };
}

/** orderer.yaml of an organization's orderer. */
export function ordererSettings(network: Network, organization: Organization): object {
  const { mspId, dir, ports } = organization;
  const { certificateFile, privateKeyFile } = credential(organization, 'tls', 'orderer');
  const roots = [credential(organization, 'authorities', 'tls').certificateFile];
  const tls = { Enabled: true, Certificate: certificateFile, PrivateKey: privateKeyFile, RootCAs: roots };
  const data = ledgerDir(network, `orderer.${mspId}`);
  return {
    General: {
      ListenAddress: '127.0.0.1',
      ListenPort: ports.orderer,
      TLS: { ...tls, ClientAuthRequired: false },
      Keepalive: { ServerMinInterval: '60s', ServerInterval: '7200s', ServerTimeout: '20s' },
      // How long an orderer waits before it dials another that was down.
      Backoff: { BaseDelay: '200ms', Multiplier: 1.6, MaxDelay: '2s' },
      MaxRecvMsgSize: maxMessageBytes,
      MaxSendMsgSize: maxMessageBytes,
      // An orderer that lags asks all others for their heights. One that stands still must be given up well within
      // ViewChangeTimeout: with Fabric's 5 s the others pass each other by from view to view.
      Cluster: { SendBufferSize: 100, ClientCertificate: certificateFile, ClientPrivateKey: privateKeyFile, ReplicationPolicy: 'consensus', DialTimeout: '1s' },
      LocalMSPDir: join(dir, 'orderer', 'msp'),
      LocalMSPID: mspId,
      BCCSP: bccsp,
      Authentication: { TimeWindow: '15m', NoExpirationChecks: false },
    },
    FileLedger: { Location: data },
    Consensus: { WALDir: join(data, 'consensus', 'wal'), SnapDir: join(data, 'consensus', 'snapshot') },
    ChannelParticipation: { Enabled: true, MaxRequestBodySize: '1 MB' },
    Admin: { ListenAddress: loopback(ports.ordererAdmin), TLS: { ...tls, ClientAuthRequired: true, ClientRootCAs: roots } },
    Operations: { ListenAddress: loopback(ports.ordererOperations), TLS: { Enabled: false } },
    Metrics: { Provider: metrics.provider },
  };
}
