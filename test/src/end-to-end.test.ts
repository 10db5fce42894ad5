/** The whole way on the real network: a study from nothing to the verdict, an eavesdropper, forty kills, and changed evidence. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import { connect, readContentKeys, readEvidence, readProfile, readTrustRoot, verify, type Verdict } from '@epione/client';
import { command, CommandError, repository } from './study/command.js';
import { hospitals, organizations, until } from './study/consortium.js';
import type { StudyOutcome } from './study/outcome.js';
import { Progress } from './study/progress.js';
import { useQuantumKeys, type QuantumOutcome } from './study/quantum-keys.js';
import { runStudy, type RunOptions, type RunResult } from './study/run.js';
import { Saboteur } from './study/saboteur.js';

const rounds = 10;
const minutes = 60_000;

describe('a study, end to end', function () {
  this.timeout(10 * minutes);
  const state = mkdtempSync(join(tmpdir(), 'epione-study-'));
  const lines: string[] = [];
  const screen = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const run = (more: Partial<RunOptions> = {}): Promise<RunResult> => runStudy({ state, rounds, seed: 'end to end', qkdMissing: 'fail', progress: new Progress(screen), ...more });
  let undisturbed: RunResult;
  let quantum: QuantumOutcome;

  before(async function () {
    undisturbed = await run({ alongside: async (consortium, study) => { quantum = await useQuantumKeys(consortium, study); } });
  });

  after(() => {
    rmSync(state, { recursive: true, force: true });
  });

  it('gives a federated model close to pooled training and better than the worst hospital alone', () => {
    const { outcome } = undisturbed;
    expect(outcome.outcome).to.equal('complete');
    expect(outcome.rounds.map((round) => round.outcome)).to.deep.equal(Array.from({ length: rounds }, () => 'final'));
    const { federated = 0, pooled, local } = outcome.auc;
    expect(Math.abs(federated - pooled)).to.be.at.most(0.01);
    expect(federated).to.be.above(Math.min(...Object.values(local)));
  });

  it('tells what it used: link quality, key bits, time, ledger height', () => {
    const { links, ledger, rounds: told } = undisturbed.outcome;
    expect(links).to.have.length(6);
    for (const link of links) {
      expect(link.qber).to.be.within(0.02, 0.03);
      expect(link.secretBits).to.be.above(200_000);
      // One key of 256 bits a round and recipient: both ways between hospitals, one way to the regulator; some go to authentication between the key servers.
      expect(link.usedBits).to.be.at.least(rounds * 256);
    }
    expect(ledger.height).to.be.above(2 * rounds);
    for (const round of told) expect(Math.min(round.trainingMs, round.keysMs, round.sealingMs, round.ledgerMs, round.aggregationMs)).to.be.above(0);
  });

  it('passes the auditor’s verification, and says what it has no evidence for', () => {
    const { verdict, checks } = undisturbed.outcome.verify;
    expect(verdict).to.equal('valid');
    expect(checks).to.have.length(26);
    expect(checks.filter((check) => check.result === 'absent').map((check) => check.name)).to.deep.equal(['beacon.chain', 'mask.reveals']);
  });

  it('lets a member sign an approval under QKD keys too: receiver and arbiter find it good', () => {
    expect(quantum.verdicts).to.deep.equal([true, true]);
    const { approval, subject } = quantum.document;
    expect([approval.member, approval.subject, subject.kind]).to.deep.equal(['HospitalA', quantum.proposal, 'end']);
  });

  it('has the same blocks at two organizations, by tags under their QKD keys', () => {
    const [first, second, third] = quantum.looks;
    expect(quantum.looks.flatMap(({ alarms }) => alarms)).to.deep.equal([]);
    expect(first?.told).to.equal(1);
    expect(second?.agreed['sae-hospitala']).to.be.above(0);
    expect(third?.agreed['sae-regulator']).to.be.at.least(first?.height ?? Infinity);
    expect(third?.keyBitsLastHour[0]?.bits).to.be.within(2 * 256, 3 * 256);
  });

  describe('evidence that was changed', () => {
    const judge = async (change: { contentKeys?: false } = {}): Promise<Verdict> => {
      const { places, evidence, contentKeys, outcome } = undisturbed;
      return verify(await readEvidence(evidence), await readTrustRoot(places.trustRoot), {
        study: outcome.study.digest, chaincode: 'epione', blobFolders: organizations.map((organization) => places.blobs(organization)),
        ...(change.contentKeys === false ? {} : { contentKeys: await readContentKeys(contentKeys) }),
      });
    };
    const firstFailure = ({ checks }: Verdict): string => {
      const failed = checks.find((check) => check.result === 'fail');
      return `${failed?.name ?? 'none'} ${failed?.object ?? ''}`;
    };

    it('fails by name after any one byte of any stored blob is changed', async () => {
      const copies = Map.groupBy(
        organizations.flatMap((organization) => {
          const folder = undisturbed.places.blobs(organization);
          return readdirSync(folder).filter((name) => name.startsWith('sha256-')).map((name) => ({ path: join(folder, name), digest: name.replace('-', ':') }));
        }),
        ({ digest }) => digest,
      );
      expect(copies.size).to.be.at.least(rounds * (hospitals.length + 1));
      // Of each blob one copy, every site's turn.
      const files = [...copies.values()].map((held, at) => held[at % held.length]!);
      for (const [at, { path, digest }] of files.entries()) {
        const bytes = readFileSync(path);
        const changed = Buffer.from(bytes);
        const place = (at * 7919) % changed.length;
        changed[place] = (changed[place] ?? 0) ^ 1;
        writeFileSync(path, changed);
        const verdict = await judge();
        writeFileSync(path, bytes);
        expect(verdict.verdict).to.equal('invalid');
        expect(firstFailure(verdict)).to.equal(`blob.digest ${digest}`);
      }
      expect((await judge()).verdict).to.equal('valid');
    });

    it('fails when a block is changed, by command line too', async () => {
      const { places, evidence, outcome } = undisturbed;
      const name = readdirSync(evidence).find((file) => file.includes('block')) ?? '';
      const path = join(evidence, name);
      const bytes = readFileSync(path);
      for (const share of [0.3, 0.6, 0.95]) {
        const changed = Buffer.from(bytes);
        const place = Math.floor(bytes.length * share);
        changed[place] = (changed[place] ?? 0) ^ 0x40;
        writeFileSync(path, changed);
        const exit = await command<Verdict>('fl-audit', ['verify', '--evidence', evidence, '--trust-root', places.trustRoot, '--study', outcome.study.digest]).then(
          ({ verdict }) => (verdict === 'valid' ? 0 : 1),
          (error: unknown) => (error instanceof CommandError ? error.exitCode : -1),
        );
        writeFileSync(path, bytes);
        expect(exit, `byte ${place} of ${bytes.length}`).to.equal(1);
      }
    });

    it('says that the sum is unproven without an aggregator’s content keys', async () => {
      const { checks } = await judge({ contentKeys: false });
      expect(checks.find((check) => check.name === 'aggregate.recomputed')).to.deep.include({ result: 'absent' });
    });
  });

  it('ends in the same model under masks from QKD keys, which the auditor recomputes from the reveals', async () => {
    const { outcome } = await run({ aggregation: 'masked' });
    expect([outcome.outcome, outcome.model]).to.deep.equal(['complete', undisturbed.outcome.model]);
    expect(outcome.verify.verdict).to.equal('valid');
    const proven = (name: string): unknown => outcome.verify.checks.find((check) => check.name === name);
    expect(proven('mask.reveals')).to.deep.include({ result: 'pass', message: `${3 * rounds} reveals` });
    expect(proven('aggregate.recomputed')).to.deep.include({ result: 'pass' });
  });

  it('ends in the same model after 40 kills at random moments', async () => {
    let saboteur: Saboteur | undefined;
    const { outcome } = await run({
      alongside: async (consortium, study) => {
        saboteur = new Saboteur(consortium, 'kills');
        const ledger = await connect(await readProfile(consortium.places.profile('Regulator')), { identity: 'auditor' });
        for (let round = 1; round <= rounds; round++) {
          await saboteur.strike(4, 500);
          // The strikes are spread over the run: the next four wait until this round has ended.
          await until(5 * minutes, `the end of round ${round}`, async () => {
            const { attestations } = await ledger.getRound(study, round);
            return attestations.length >= 3 ? true : undefined;
          });
        }
        ledger[Symbol.dispose]();
      },
    });
    expect(saboteur?.total).to.equal(40);
    for (const [target, kills] of Object.entries(saboteur?.kills ?? {})) expect(kills, target).to.be.at.least(6);
    expect(outcome.model).to.equal(undisturbed.outcome.model);
    expect(outcome.verify.verdict).to.equal('valid');
  });

  it('stops a link with an eavesdropper; the round is refused, and ledger and output say why', async () => {
    const { outcome } = await run({ rounds: 2, eve: { interceptFraction: 0.5 } });
    expect(outcome.outcome).to.equal('refused');
    const tapped = outcome.links.find((link) => link.name === 'HospitalA-HospitalB');
    expect(tapped?.state).to.equal('aborted');
    // 0.025 + 0.5 / 4, from a sample of about 1,500 bits: five standard deviations are 0.046.
    expect(tapped?.qber).to.be.within(0.103, 0.196);
    expect(tapped?.reason).to.be.a('string').and.not.equal('');
    expect(outcome.links.filter((link) => link.state === 'aborted')).to.have.length(1);
    expect(outcome.rounds).to.have.length(1);
    expect(outcome.rounds[0]?.outcome).to.equal('aborted');
    expect(outcome.rounds[0]?.reason).to.be.oneOf(['QKD_UNAVAILABLE', 'QKD_EXHAUSTED']);
    expect(outcome.auc.federated).to.equal(undefined);
    expect(outcome.verify.verdict).to.equal('valid');
  });

  it('goes on without that link where the study allows it, by the command of the README', () => {
    const args = ['start', '--silent', '--', '--json', '--rounds', '1', '--eve', '0.5', '--qkd-missing', 'fallback', '--state', state];
    const { status, stdout } = spawnSync('npm', args, { cwd: repository, encoding: 'utf8', maxBuffer: 2 ** 26 });
    const outcome = JSON.parse(stdout) as StudyOutcome;
    expect(status).to.equal(0);
    expect(outcome.outcome).to.equal('complete');
    expect(outcome.rounds.map((round) => round.outcome)).to.deep.equal(['final']);
    expect(Object.keys(outcome.auc.local)).to.deep.equal([...hospitals]);
    expect(outcome.auc.federated).to.be.a('number');
    expect(outcome.verify.verdict).to.equal('valid');
    const tapped = outcome.links.find((link) => link.name === 'HospitalA-HospitalB');
    expect(tapped?.state).to.equal('aborted');
    expect(tapped?.usedBits).to.equal(0);
  });
});
