/** Orderers: how many serve and vote, and how many of them may still fail. */
import { bftQuorum } from '../channel/consenters.js';
import { isWanted } from '../nodes/start.js';
import type { NetworkStatus, ProcessStatus } from '../status.js';
import { fault, ok, warning, type Check, type Examined, type Remark } from './finding.js';

const votes = ({ health, relation }: ProcessStatus): boolean => health === 'serving' && relation === 'consenter';

/** What there is to say about the orderers of a network that is meant to run. */
export function quorumRemarks({ consensus, processes }: Pick<NetworkStatus, 'consensus' | 'processes'>): readonly Remark[] {
  const orderers = processes.filter(({ name }) => name.startsWith('orderer.'));
  const voting = orderers.filter(votes).length;
  const needed = consensus === 'bft' ? bftQuorum(orderers.length) : Math.floor(orderers.length / 2) + 1;
  const followers = orderers
    .filter(({ health, relation }) => health === 'serving' && relation !== 'consenter')
    .map(({ name, relation }) => fault(`${name} is ${relation ?? 'not in the channel'} and does not vote`, 'Its certificate differs from the channel\'s by at least a byte: fl-network certificates renew, or restore the file.'));
  const sentence = `${voting} of ${orderers.length} orderers serve and vote, ${needed} are needed`;
  const silent = orderers.filter((orderer) => !votes(orderer)).map(({ name }) => name).join(', ');
  if (voting < needed) return [...followers, fault(`${sentence}: nothing is ordered until ${needed - voting} more of ${silent} is back`, 'fl-network up starts what has stopped; fl-network logs tells why.')];
  if (voting < orderers.length) return [...followers, warning(`${sentence}: ${voting - needed} more may fail (${silent})`, 'fl-network up; until then do not stop another orderer.')];
  return [ok(`${sentence}, so ${voting - needed} may fail`)];
}

export const quorum: Check<Examined> = {
  name: 'quorum',
  examine: ({ network, status }) => (isWanted(network) ? quorumRemarks(status) : [ok('the network is down, as wanted')]),
};
