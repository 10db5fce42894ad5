/** Modes that few studies choose, with real workers and key servers on one network of five organizations: a committee, adversarial training, and masks that members join and leave under. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { connect, readProfile, type Ledger, type Verdict } from '@epione/client';
import type { StudyTemplate } from '@epione/fl-worker';
import type { Digest } from '@epione/protocol';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { command } from '../study/command.js';
import { Consortium, hospitals, organizations, Places, until } from '../study/consortium.js';
import { divideData, type StudyData } from '../study/data.js';
import { Progress } from '../study/progress.js';
import { audit, holdStudy } from '../study/run.js';
import { studyOfRun } from '../study/study-file.js';

const seed = 'modes';
const minutes = 60_000;
const [, , leaver] = hospitals;
const fourth = 'HospitalD';
const four = [...hospitals, fourth];
const five = [...organizations, fourth].sort();

/** A round as `fl-audit rounds` shows it. */
interface Round {
  readonly round: number;
  readonly state: string;
  readonly model?: string;
  readonly reason?: string;
  readonly submissions: readonly { readonly participant: string }[];
  readonly committee?: readonly string[];
  readonly attesters: readonly string[];
}

interface Held {
  readonly study: Digest;
  readonly verify: Verdict;
  readonly rounds: readonly Round[];
}

describe('modes on a real network', function () {
  this.timeout(20 * minutes);
  const places = new Places(mkdtempSync(join(tmpdir(), 'epione-modes-')));
  const consortium = new Consortium(places, 'start', five);
  const progress = new Progress(new Writable({ write: (_chunk, _encoding, done) => { done(); } }));
  const worker = <T>(organization: string, ...args: string[]): Promise<T> => command<T>('fl-worker', [...args, '--config', places.workerConfig(organization)]);
  let data: StudyData;
  let ledger: Ledger;

  before(async () => {
    const topology = join(places.root, 'topology.yaml');
    writeFileSync(topology, stringify({ organizations: five.map((mspId) => ({ mspId, ...(mspId === fourth ? { orderer: false } : {}) })) }));
    await consortium.startNetwork(topology);
    await consortium.startKeyServers();
    data = divideData(join(places.root, 'data'), five, seed);
    ledger = await connect(await readProfile(places.profile('Regulator')), { identity: 'auditor' });
  });

  after(async () => {
    ledger[Symbol.dispose]();
    await consortium.stop();
    await command('fl-network', ['clean', '--confirm', '--state', places.network]);
    rmSync(places.root, { recursive: true, force: true });
  });

  /** Holds a study to its end and has it audited: nothing is found wrong. @param alongside what happens while it runs. */
  async function hold(template: StudyTemplate, participants: readonly string[], alongside: (study: string) => Promise<void> = () => Promise.resolve()): Promise<Held> {
    const allKeepKeys = template.aggregation.mode === 'visible' && template.aggregation.committee !== undefined;
    await consortium.turnTo(template.name);
    const { study, refused } = await holdStudy(consortium, template, data, { seed, progress, participants, allKeepKeys, alongside: (_, digest) => alongside(digest) });
    expect(refused).to.equal(false);
    const { verify, evidence } = await audit(consortium, study, progress);
    expect(verify.checks.filter(({ result }) => result === 'fail')).to.deep.equal([]);
    expect(verify.verdict).to.equal('valid');
    const { rounds } = await command<{ rounds: Round[] }>('fl-audit', ['rounds', '--evidence', evidence, '--trust-root', places.trustRoot, '--study', study]);
    return { study, verify, rounds };
  }
  const found = ({ checks }: Verdict, name: string): Verdict['checks'][number] | undefined => checks.find((check) => check.name === name);
  const membersOf = ({ submissions }: Round): string[] => submissions.map(({ participant }) => participant);
  const endOf = (study: string, round: number): Promise<true> => until(3 * minutes, `the end of round ${round}`, async () => ((await ledger.getRound(study, round)).attestations.length >= 3 ? true : undefined));

  it('a committee recomputes each round of adversarial training, and the auditor is told who it was', async () => {
    const open = studyOfRun('committee', { qkdMissing: 'fail', aggregation: 'visible', privacy: 'none', rounds: 3 });
    const hardened: StudyTemplate = { ...open, aggregation: { mode: 'visible', rule: 'mean', committee: 3 }, training: { ...open.training, localEpochs: 1, adversarial: { epsilon: '0.3', steps: 3, stepSize: '0.15' } } };
    const { rounds, verify } = await hold(hardened, four);
    expect(rounds.map(({ state }) => state)).to.deep.equal(['final', 'final', 'final']);
    expect(found(verify, 'aggregate.recomputed')?.result).to.equal('pass');
    expect(found(verify, 'beacon.chain')).to.deep.include({ result: 'pass', message: '12 links' });
    for (const { committee, attesters } of rounds) {
      expect(committee).to.have.length(3);
      expect(attesters.length).to.be.at.least(2);
      expect(committee).to.include.members(attesters);
    }
    const simulate = async (study: StudyTemplate): Promise<string> => {
      const file = join(consortium.runFolder, 'simulated.yaml');
      writeFileSync(file, stringify(study));
      return (await command<{ model: string }>('fl-worker', ['simulate', file, '--seed', seed, '--data', ...four.map((hospital) => data.sites[hospital]?.file ?? '')])).model;
    };
    expect(await simulate(hardened)).to.equal(rounds.at(-1)?.model);
    expect(await simulate({ ...hardened, training: { ...open.training, localEpochs: 1 } })).not.to.equal(rounds.at(-1)?.model);
  });

  it('a hospital joins a masked study and another one leaves it, each by an epoch with new pair keys', async () => {
    let joined = 0;
    let left = 0;
    const change = async (study: string, epoch: number, approving: readonly string[], ...args: string[]): Promise<number> => {
      const { proposal } = await worker<{ proposal: Digest }>('HospitalA', 'study', 'propose', ...args);
      await Promise.all(approving.map((member) => worker(member, 'study', 'approve', proposal)));
      const opened = await until(3 * minutes, `epoch ${epoch}`, async () => (await ledger.getStudy(study)).course?.epochs[epoch - 1]);
      await endOf(study, opened.from);
      return opened.from;
    };
    const endless = studyOfRun('roster', { qkdMissing: 'fail', privacy: 'none' });
    const { rounds, verify } = await hold({ ...endless, rounds: { ...endless.rounds, count: 1000 } }, hospitals, async (study) => {
      await worker(fourth, 'consent', 'grant', '--study', study);
      await endOf(study, 1);
      joined = await change(study, 2, ['HospitalA', 'HospitalB', 'Regulator', fourth], 'roster', study, '--add', fourth);
      left = await change(study, 3, ['HospitalA', 'HospitalB', 'Regulator', fourth], 'roster', study, '--remove', leaver);
      const { proposal } = await worker<{ proposal: Digest }>('HospitalA', 'study', 'propose', 'end', study);
      await Promise.all(['HospitalA', 'HospitalB', 'Regulator'].map((member) => worker(member, 'study', 'approve', proposal)));
    });
    expect(rounds.filter(({ state }) => state !== 'final')).to.deep.equal([]);
    for (const entry of rounds) expect(membersOf(entry), `round ${entry.round}`).to.deep.equal(entry.round < joined ? [...hospitals] : entry.round < left ? four : four.filter((mspId) => mspId !== leaver));
    expect(found(verify, 'aggregate.recomputed')?.result).to.equal('pass');
    expect(found(verify, 'course.epochs')?.message).to.match(/^[0-9]+ epochs, [0-9]+ set-ups$/);
    expect(found(verify, 'mask.reveals')).to.deep.include({ result: 'pass', message: `${rounds.reduce((sum, entry) => sum + membersOf(entry).length, 0)} reveals` });
  });
});
