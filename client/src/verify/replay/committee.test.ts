/** A study with a committee as an auditor repeats it: colluding peers that let a wrong link, beacon or aggregator pass are found out. */
import { expect } from 'chai';
import { aggregatorsIn, chainLink, digestOf, firstBeacon, nextBeacon, setDigest, sha256, statementDigest, type Json, type Study } from '@epione/protocol';
import type { History } from '../../audit/history.js';
import { showRounds } from '../../audit/views.js';
import { four, Scribe, study as plain, three } from '../../testing/scribe.js';
import { attest, close, submit } from './rounds.js';
import { approve, openStudy, registerStudy } from './studies.js';

const study: Study = { ...plain, aggregation: { mode: 'visible', rule: 'mean', committee: 2 }, quorums: { ...plain.quorums, attest: 2 } };
const name = statementDigest('study', study);
const sites = study.participants;
const named = (text: string): ReturnType<typeof digestOf> => digestOf(new TextEncoder().encode(text));
const link = (mspId: string, round: number): string => chainLink(name, sha256(new TextEncoder().encode(mspId)), study.rounds.count, round);
const first = firstBeacon(name);
const committee = aggregatorsIn(study, study, { beacon: first });
const outsider = three.find((mspId) => !committee.includes(mspId)) ?? '';

/** What colluding peers could let pass, by the statement in which it stands. */
interface Changes {
  readonly approval?: object;
  readonly entry?: object;
  readonly submission?: object;
  readonly result?: object;
  readonly aggregators?: readonly string[];
}

/** One round of a study with a committee, and the first submission of the next; what differs is the first participant's. */
function play(changes: Changes = {}): Scribe {
  const scribe = new Scribe();
  for (const mspId of four) scribe.register(mspId);
  scribe.write('study', registerStudy, 'HospitalA', study);
  const approvals = three.map((member) => {
    const given = member === sites[0] ? changes.approval : undefined;
    const statement = { subject: name, member, record: scribe.record(member), decision: 'approve', ...(sites.includes(member) ? { anchor: link(member, 0) } : {}), ...given };
    return { member, approval: scribe.write('approval', approve, member, statement) };
  });
  const participants = sites.map((mspId) => ({ mspId, record: scribe.record(mspId), anchor: link(mspId, 0), ...(mspId === sites[0] ? changes.entry : {}) }));
  scribe.write('opening', openStudy, 'HospitalA', { study: name, member: 'HospitalA', record: scribe.record('HospitalA'), approvals, epoch: { epoch: 1, from: 1, participants, aggregators: three, quorum: 2 } });
  const send = (participant: string, round: number, members: readonly string[], further: object): { participant: string; digest: ReturnType<typeof digestOf> } => {
    const sealed = members.filter((to) => to !== participant).map((to) => ({ to, record: scribe.record(to), suite: 'seal-mlkem768', keyIds: [] }));
    const statement = { study: name, epoch: 1, round, participant, record: scribe.record(participant), after: { kind: 'opening' }, base: 'zeros', blob: named(`${participant} ${round}`), blobBytes: 9, sealed, numExamples: 1, beacon: link(participant, round), software: 'test', ...further };
    return { participant, digest: scribe.write('submission', submit, participant, statement) };
  };
  const submissions = sites.map((mspId) => send(mspId, 1, committee, mspId === sites[0] ? changes.submission ?? {} : {}));
  const second = nextBeacon(first, 1, sites.map((mspId) => link(mspId, 1)));
  const result = { outcome: 'model', base: 'zeros', set: setDigest(submissions), excluded: [], model: named('model'), beacon: second, ...changes.result };
  const aggregators = changes.aggregators ?? committee;
  for (const aggregator of aggregators) {
    scribe.write('attestation', attest, aggregator, { study: name, epoch: 1, round: 1, aggregator, record: scribe.record(aggregator), after: { kind: 'opening' }, submissions, result: result as Json, witness: '00'.repeat(32), software: 'test' });
  }
  send('HospitalA', 2, aggregatorsIn(study, study, { beacon: second }), { base: named('model'), after: { kind: 'ended', attesters: committee } });
  return scribe;
}

describe('a committee, as an auditor repeats it', () => {
  it('finds nothing where every link, beacon and committee is right', () => {
    expect(play().faults).to.deep.equal([]);
  });

  it('is told who was drawn for each round', () => {
    const { ledger } = play();
    const second = nextBeacon(first, 1, sites.map((mspId) => link(mspId, 1)));
    const rounds = showRounds({ ledger, chain: { blocks: [], valid: [], all: [], commitHashes: [] }, verified: true } satisfies History, name);
    expect(rounds.map((round) => round.committee)).to.deep.equal([committee, aggregatorsIn(study, study, { beacon: second })]);
  });

  const broken: readonly [what: string, fault: string, changes: Changes][] = [
    ['a participant without an anchor', 'study.approved BAD_BEACON', { approval: { anchor: undefined } }],
    ['another anchor in the course than was approved', 'study.approved BAD_BEACON', { entry: { anchor: link('HospitalB', 0) } }],
    ['the link of another round', 'beacon.chain BAD_BEACON', { submission: { beacon: link('HospitalA', 2) } }],
    ['the link of another hospital', 'beacon.chain BAD_BEACON', { submission: { beacon: link('HospitalB', 1) } }],
    ['a beacon that the set did not contribute to', 'beacon.chain BAD_BEACON', { result: { beacon: first } }],
    ['an attestation by somebody who is not in the committee', 'attestation.signature NOT_AN_AGGREGATOR', { aggregators: [...committee, outsider] }],
  ];
  for (const [what, fault, changes] of broken) it(`finds ${what}`, () => { expect(play(changes).faults).to.include(fault); });

  it('goes on after an abort with a beacon that nobody contributed to', () => {
    const scribe = new Scribe();
    for (const mspId of four) scribe.register(mspId);
    scribe.write('study', registerStudy, 'HospitalA', study);
    const approvals = three.map((member) => ({ member, approval: scribe.write('approval', approve, member, { subject: name, member, record: scribe.record(member), decision: 'approve', ...(sites.includes(member) ? { anchor: link(member, 0) } : {}) }) }));
    const participants = sites.map((mspId) => ({ mspId, record: scribe.record(mspId), anchor: link(mspId, 0) }));
    scribe.write('opening', openStudy, 'HospitalA', { study: name, member: 'HospitalA', record: scribe.record('HospitalA'), approvals, epoch: { epoch: 1, from: 1, participants, aggregators: three, quorum: 2 } });
    scribe.write('closing', close('abort'), 'HospitalA', { study: name, epoch: 1, round: 1, member: 'HospitalA', record: scribe.record('HospitalA'), after: { kind: 'opening' }, kind: 'abort', submissions: [], reason: 'TOO_FEW' });
    expect(scribe.ledger.studies.get(name)?.rounds.get(1)?.closing?.beacon).to.equal(nextBeacon(first, 1, []));
  });
});
