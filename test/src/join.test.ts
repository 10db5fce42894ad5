/** A hospital joins the network and the study while both run and takes part from the next round; another one's keys are stolen, and it comes back with new ones; a third replaces its own; the members end the study when they have enough. */
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, readProfile, type Ledger, type Verdict } from '@epione/client';
import type { Digest, Epoch } from '@epione/protocol';
import { expect } from 'chai';
import { parse, stringify } from 'yaml';
import { command, CommandError, repository } from './study/command.js';
import { Consortium, hospitals, organizations, Places, until } from './study/consortium.js';
import { divideData, idColumn, type StudyData } from './study/data.js';

const joiner = 'HospitalD';
const robbed = 'HospitalB';
const seed = 'join';
const minutes = 60_000;

describe('a hospital joins a running study', function () {
  this.timeout(10 * minutes);
  const places = new Places(mkdtempSync(join(tmpdir(), 'epione-join-')));
  const consortium = new Consortium(places, 'join');
  const worker = <T>(organization: string, args: readonly string[]): Promise<T> => command<T>('fl-worker', [...args, '--config', places.workerConfig(organization)]);
  let data: StudyData;
  let study: Digest;
  let ledger: Ledger;
  let proposal: Digest;
  let epoch: Epoch;

  /** The shipped study in the open, sealed under ML-KEM alone so that no key servers are needed, and longer than anybody wants to wait. */
  function studyFile(): string {
    const template = parse(readFileSync(join(repository, 'data', 'wdbc', 'study.yaml'), 'utf8')) as { suites: object; rounds: object };
    const file = join(consortium.runFolder, 'study.yaml');
    writeFileSync(file, stringify({ ...template, name: 'join', privacy: { unit: 'none' }, aggregation: { mode: 'visible', rule: 'mean' }, suites: { ...template.suites, sealing: ['seal-mlkem768'], qkdWaitMs: 0 }, rounds: { ...template.rounds, count: 1000 } }));
    return file;
  }
  const approve = (subject: Digest, members: readonly string[]): Promise<unknown> => Promise.all(members.map((member) => worker(member, ['study', 'approve', subject])));
  const finalRound = (round: number): Promise<true> => until(3 * minutes, `the end of round ${round}`, async () => ((await ledger.getRound(study, round)).attestations.length >= 3 ? true : undefined));

  before(async () => {
    await consortium.startNetwork();
    mkdirSync(consortium.runFolder, { recursive: true });
    data = divideData(join(consortium.runFolder, 'data'), [...hospitals, joiner], seed);
    for (const organization of organizations) await consortium.configureWorker(organization, { seed, data });
    await Promise.all(organizations.map((organization) => worker(organization, ['init'])));
    ({ study } = await worker<{ study: Digest }>('HospitalA', ['study', 'register', studyFile(), '--participants', ...hospitals, '--aggregators', ...organizations]));
    await approve(study, organizations);
    await Promise.all(hospitals.map((hospital) => worker(hospital, ['consent', 'grant', '--study', study])));
    await worker('HospitalA', ['study', 'open', study]);
    for (const organization of organizations) await consortium.configureWorker(organization, { seed, data, study });
    consortium.startWorkers();
    ledger = await connect(await readProfile(places.profile('Regulator')), { identity: 'auditor' });
    await finalRound(1);
  });

  after(async () => {
    ledger[Symbol.dispose]();
    await consortium.stop();
    await command('fl-network', ['clean', '--confirm', '--state', places.network]);
    rmSync(places.root, { recursive: true, force: true });
  });

  /** The kit that the operator makes for the joiner, as it arrives there. */
  async function receiveKit(): Promise<{ readonly digest: string; readonly folder: string }> {
    await consortium.configureWorker(joiner, { seed, data, study });
    const { blobServer } = parse(readFileSync(places.workerConfig(joiner), 'utf8')) as { blobServer: { port: number } };
    const kit = await command<{ digest: string; folder: string }>('fl-network', ['kit', joiner, '--blob-port', String(blobServer.port), '--study', study, '--output', join(places.root, 'kits'), '--state', places.network]);
    rmSync(places.worker(joiner), { recursive: true });
    cpSync(kit.folder, places.worker(joiner), { recursive: true });
    return { digest: kit.digest, folder: places.worker(joiner) };
  }

  it('becomes a member of the network, receives its start-up kit, and watches the study', async () => {
    await command('fl-network', ['organization', 'add', joiner, '--without-orderer', '--state', places.network]);
    const { digest, folder } = await receiveKit();
    expect(await command('fl-worker', ['kit', 'check', folder])).to.have.property('digest', digest);
    const train = data.sites[joiner]?.file ?? '';
    appendFileSync(places.workerConfig(joiner), `data: { train: ${JSON.stringify(train)}, idColumn: ${idColumn}, consents: consents.json }\npollMs: 500\n`);
    const changed = await command<{ findings: { code?: string }[] }>('fl-worker', ['kit', 'check', folder], [1]);
    expect(changed.findings.flatMap(({ code }) => code ?? [])).to.deep.equal(['KIT_FILE_CHANGED']);
    await worker(joiner, ['init']);
    const findings = await worker<{ check: string; level: string; sentence: string }[]>(joiner, ['doctor']);
    expect(findings.filter(({ level }) => level === 'fault')).to.deep.equal([]);
    expect(findings.filter(({ check, level }) => check === 'peers' && level === 'ok')).to.have.length(5);
    await worker(joiner, ['consent', 'grant', '--study', study]);
    consortium.startWorker(joiner);
    expect((await ledger.getStudy(study)).course?.epochs).to.have.length(1);
  });

  it('is let in by a proposal that the members and itself approve', async () => {
    ({ proposal } = await worker<{ proposal: Digest }>('HospitalA', ['study', 'propose', 'roster', study, '--add', joiner, '--note', 'more patients']));
    await approve(proposal, ['HospitalA', 'HospitalB', 'Regulator']);
    const [line] = (await worker<{ proposals: { approvedBy: string[]; carried: boolean }[] }>('HospitalC', ['study', 'proposals', study])).proposals;
    expect(line).to.deep.include({ carried: false, approvedBy: ['HospitalA', 'HospitalB', 'Regulator'] });
    await approve(proposal, [joiner]);
    epoch = await until(2 * minutes, 'the epoch', async () => (await ledger.getStudy(study)).course?.epochs[1]);
    expect(epoch.participants.map((entry) => entry.mspId)).to.deep.equal([...hospitals, joiner]);
    expect(epoch.aggregators).to.deep.equal([...hospitals, joiner, 'Regulator']);
  });

  it('takes part from the next round on, in training and in aggregation', async () => {
    await finalRound(epoch.from + 1);
    const who = async (round: number): Promise<string[]> => (await ledger.getRound(study, round)).slots.map((slot) => slot.statement.participant);
    expect(await who(epoch.from - 1)).to.deep.equal([...hospitals]);
    expect(await who(epoch.from)).to.deep.equal([...hospitals, joiner]);
    const { slots, attestations } = await ledger.getRound(study, epoch.from);
    const own = slots.find((slot) => slot.statement.participant === joiner);
    expect(own?.kind === 'submission' && own.statement.numExamples).to.equal(data.sites[joiner]?.rows);
    for (const { statement } of attestations) expect(statement.result.excluded).to.deep.equal([]);
  });

  it('loses a member whose keys are stolen, by a proposal of the others', async () => {
    const since = new Date(Date.now() - 60_000).toISOString();
    const revoke = await worker<{ proposal: Digest }>('Regulator', ['study', 'propose', 'revoke', study, '--organization', robbed, '--reason', 'compromised', '--since', since]);
    await approve(revoke.proposal, ['HospitalA', joiner, 'Regulator']);
    await until(2 * minutes, 'the revocation', async () => ((await ledger.getParticipant(robbed)).state?.status === 'revoked' ? true : undefined));
    expect((await ledger.getParticipant(robbed)).state).to.deep.include({ reason: 'compromised', since: Date.parse(since), proposal: revoke.proposal });
    expect(await consortium.workerDone(robbed), 'not authorised any more').to.equal(4);
  });

  it('lets it back in with new keys, which it has told the others itself', async () => {
    const refusal: unknown = await worker(robbed, ['init']).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(CommandError).with.property('exitCode', 3);
    const record = /the members have not admitted its record (sha256:[0-9a-f]{64})/.exec((refusal as CommandError).stderr)?.[1] ?? '';
    const admit = await worker<{ proposal: Digest }>('HospitalA', ['study', 'propose', 'admit', study, '--organization', robbed, '--record', record]);
    await approve(admit.proposal, ['HospitalA', joiner, 'Regulator']);
    expect(await worker(robbed, ['init'])).to.deep.include({ record, version: 2, registered: 'now' });
    consortium.startWorker(robbed);
    const round = await until(3 * minutes, 'a submission under the new record', async () => {
      const { state } = await ledger.getParticipant(robbed);
      for (let at = epoch.from; ; at++) {
        const { slots } = await ledger.getRound(study, at);
        if (slots.some((slot) => slot.statement.record === state?.record)) return at;
        if (slots.length === 0) return undefined;
      }
    });
    await finalRound(round);
    const attested = await until(minutes, 'its attestation', async () => (await ledger.getRound(study, round + 1)).attestations.find((entry) => entry.statement.aggregator === robbed));
    expect(attested.statement.record).to.equal(record);
  });

  it('ends with the others when the members have approved an end', async () => {
    const end = await worker<{ proposal: Digest }>('Regulator', ['study', 'propose', 'end', study]);
    await approve(end.proposal, ['HospitalB', joiner, 'Regulator']);
    expect(await consortium.workersDone()).to.deep.equal(Object.fromEntries([...organizations, joiner].map((organization) => [organization, 0])));
    const { course } = await ledger.getStudy(study);
    expect(course?.end?.from).to.be.above(epoch.from);
  });

  it('lets a member leave and come back by itself', async () => {
    const { record } = await worker<{ record: Digest }>('HospitalC', ['revoke', '--reason', 'left']);
    expect((await ledger.getParticipant('HospitalC')).state).to.deep.include({ record, status: 'revoked', reason: 'left' });
    expect(await worker('HospitalC', ['init'])).to.deep.include({ version: 2, registered: 'now', made: [] });
  });

  it('lets a member replace its keys by itself, both keys vouching for the new record', async () => {
    const before = (await ledger.getParticipant('HospitalA')).record?.statement;
    expect(await worker('HospitalA', ['key', 'rotate'])).to.deep.include({ mspId: 'HospitalA', version: 2 });
    const { state, record } = await until(minutes, 'the new record', async () => { const view = await ledger.getParticipant('HospitalA'); return view.state?.version === 2 ? view : undefined; });
    expect(record?.statement.signingKey).not.to.equal(before?.signingKey);
    expect(record?.statement.encapsulationKey).not.to.equal(before?.encapsulationKey);
    expect(await worker('HospitalA', ['init'])).to.deep.include({ record: state?.record, registered: 'before', made: [] });
    expect(await worker('HospitalA', ['key', 'status']), 'no study needs the former key').to.deep.include({ former: [], rotating: false });
  });

  it('leaves a ledger that the auditor finds valid, every round recomputed with the new hospital\'s examples', async () => {
    const evidence = join(consortium.runFolder, 'evidence');
    await command('fl-audit', ['export', '--profile', places.profile('Regulator'), '--out', evidence]);
    const blobs = [...organizations, joiner].map((organization) => places.blobs(organization));
    const contentKeys = join(places.worker('Regulator'), 'state', 'content-keys.json');
    const { verdict, checks } = await command<Verdict>('fl-audit', ['verify', '--evidence', evidence, '--trust-root', places.trustRoot, '--study', study, '--blobs', ...blobs, '--content-keys', contentKeys], [1]);
    expect(checks.filter((check) => check.result === 'fail')).to.deep.equal([]);
    expect(verdict).to.equal('valid');
    expect(checks.find((check) => check.name === 'course.epochs')?.message).to.match(/^2 epochs/);
    expect(checks.find((check) => check.name === 'keys.suspect')?.message).to.match(/^[0-9]+ statements under sha256:[0-9a-f]{64} since .* are suspect$/);
    expect(checks.find((check) => check.name === 'aggregate.recomputed')).to.include({ result: 'pass' });
    const { members } = await command<{ members: { mspId: string; version: number; status: string; admittedBy?: string[]; revoked?: object }[] }>('fl-audit', ['members', '--evidence', evidence, '--trust-root', places.trustRoot]);
    const [stolen, fresh] = members.filter((member) => member.mspId === robbed);
    expect(stolen).to.deep.include({ version: 1, status: 'revoked' });
    expect(stolen?.revoked).to.deep.include({ reason: 'compromised', approvedBy: ['HospitalA', joiner, 'Regulator'] });
    expect(fresh).to.deep.include({ version: 2, status: 'current', admittedBy: ['HospitalA', joiner, 'Regulator'] });
    expect(members.filter((member) => member.mspId === 'HospitalA').map((member) => member.status)).to.deep.equal(['superseded', 'current']);
    expect(members.filter((member) => member.mspId === 'HospitalC').map((member) => member.status)).to.deep.equal(['revoked', 'current']);
  });
});
