/** The channel's configuration: who belongs to it, which signatures a policy needs, how blocks are ordered. */
import { join } from 'node:path';
import { clientsOf, credential, ordererOrganizations, type Network, type Organization, type Site } from '../state.js';

type Policy = Readonly<Record<'Type' | 'Rule', string>>;

/** The only profile of the generated configtx.yaml. */
export const profileName = 'Epione';

const signature = (rule: string): Policy => ({ Type: 'Signature', Rule: rule });
const majority = (of: string): Policy => ({ Type: 'ImplicitMeta', Rule: `MAJORITY ${of}` });

/** How many organizations are a majority. */
export function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}

function organizationEntry({ mspId, dir }: Site, nodes: object = {}): object {
  const any = (...roles: string[]): Policy => signature(`OR(${roles.map((role) => `'${mspId}.${role}'`).join(', ')})`);
  return {
    Name: mspId,
    ID: mspId,
    MSPDir: join(dir, 'msp'),
    Policies: { Readers: any('member'), Writers: any('member'), Admins: any('admin'), Endorsement: any('peer') },
    ...nodes,
  };
}

const nodesEntry = ({ ports }: Organization, hasOrderer: boolean): object => ({
  AnchorPeers: [{ Host: 'localhost', Port: ports.peer }],
  ...(hasOrderer ? { OrdererEndpoints: [`localhost:${ports.orderer}`] } : {}),
});

// Small intervals cost nothing while idle, but every block costs all nodes the same whatever it holds: 100 ms carry a fifth
// more than 50 ms, and a round, which is two transactions a member, takes no longer.
const defaultBatchIntervalMs = 100;

// Fabric's defaults wait minutes for a dead leader. Rules between these: forward <= complain <= auto-remove, resend <= view change.
const smartBft = {
  RequestForwardTimeout: '1s',
  RequestComplainTimeout: '3s',
  RequestAutoRemoveTimeout: '1m',
  ViewChangeResendInterval: '1s',
  ViewChangeTimeout: '4s',
  LeaderHeartbeatTimeout: '2s',
  LeaderHeartbeatCount: 10,
  CollectTimeout: '500ms',
  IncomingMessageBufferSize: 200,
  RequestPoolSize: 100_000,
};

const raft = { TickInterval: '100ms', ElectionTick: 10, HeartbeatTick: 1, MaxInflightBlocks: 5, SnapshotIntervalSize: '16 MB' };

function consenters(network: Network): object[] {
  return ordererOrganizations(network).map((organization) => {
    const tls = credential(organization, 'tls', 'orderer').certificateFile;
    return {
      ID: organization.number,
      Host: 'localhost',
      Port: organization.ports.orderer,
      MSPID: organization.mspId,
      Identity: join(organization.dir, 'orderer', 'msp', 'signcerts', 'cert.pem'),
      ClientTLSCert: tls,
      ServerTLSCert: tls,
    };
  });
}

/** The document that configtxgen turns into the first block of the channel. */
export function channelConfig(network: Network): object {
  const { organizations, topology } = network;
  const orderers = ordererOrganizations(network);
  const clients = clientsOf(network);
  const all = (role: string, of: readonly Site[] = organizations): string => of.map(({ mspId }) => `'${mspId}.${role}'`).join(', ');
  // Signature policies and not ImplicitMeta, because the latter verifies the whole set of signatures again for each
  // organization, which costs a fifth of the throughput. The price: a new organization has to rewrite them.
  const members = signature(`OR(${all('member', [...organizations, ...clients])})`);
  const majorityWithNodes = (role: string): Policy => signature(`OutOf(${majorityOf(organizations.length)}, ${all(role)})`);
  const endorsers = majorityWithNodes('peer');
  const policies = { Readers: members, Writers: members, Admins: majority('Admins') };
  const batchInterval = `${topology.batchIntervalMs ?? defaultBatchIntervalMs}ms`;
  const isBft = topology.consensus === 'bft';
  return {
    Profiles: {
      [profileName]: {
        Policies: policies,
        Capabilities: { V3_0: true },
        Orderer: {
          OrdererType: isBft ? 'BFT' : 'etcdraft',
          BatchTimeout: batchInterval,
          BatchSize: { MaxMessageCount: 500, AbsoluteMaxBytes: '10 MB', PreferredMaxBytes: '2 MB' },
          ...(isBft ? { ConsenterMapping: consenters(network), SmartBFT: { ...smartBft, RequestBatchMaxInterval: batchInterval } } : { EtcdRaft: { Consenters: raftConsenters(network), Options: raft } }),
          Organizations: orderers.map((organization) => organizationEntry(organization, nodesEntry(organization, true))),
          Policies: { ...policies, BlockValidation: { Type: 'ImplicitMeta', Rule: 'ANY Writers' } },
          Capabilities: { V2_0: true },
        },
        Application: {
          Organizations: [
            ...organizations.map((organization) => organizationEntry(organization, nodesEntry(organization, orderers.includes(organization)))),
            ...clients.map((client) => organizationEntry(client)),
          ],
          Policies: {
            ...policies,
            Endorsement: endorsers,
            // Members without nodes cannot approve a chaincode, and do not decide on the nodes of others; ImplicitMeta would count them.
            ...(clients.length > 0 ? { Admins: majorityWithNodes('admin'), LifecycleEndorsement: endorsers } : { LifecycleEndorsement: majority('Endorsement') }),
          },
          Capabilities: { V2_5: true },
        },
      },
    },
  };
}

function raftConsenters(network: Network): object[] {
  return ordererOrganizations(network).map((organization) => {
    const tls = credential(organization, 'tls', 'orderer').certificateFile;
    return { Host: 'localhost', Port: organization.ports.orderer, ClientTLSCert: tls, ServerTLSCert: tls };
  });
}
