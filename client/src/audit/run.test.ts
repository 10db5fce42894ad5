/** `fl-audit` on a recorded study: what it prints and how it ends. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { runAudit } from './run.js';
import type { LogLine, MemberShown, RoundShown, StudyShown } from './views.js';

const recording = fileURLToPath(new URL('../../fixtures/played-study', import.meta.url));
const trustRoot = join(recording, 'trust-root.json');
const source = ['--evidence', recording, '--trust-root', trustRoot];

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function audit(...args: string[]): Promise<Ended> {
  const [out, err] = [[] as string[], [] as string[]];
  const code = await runAudit(args, { out: (text) => out.push(text), note: (text) => err.push(text) });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

describe('fl-audit', () => {
  it('begins every help with an example', async () => {
    for (const args of [['--help'], ...['study', 'rounds', 'log', 'verify', 'export', 'watch-blocks'].map((name) => [name, '--help'])]) {
      const ended = await audit(...args);
      expect([ended.code, ended.err]).to.deep.equal([0, '']);
      expect(ended.out).to.match(/^Example: fl-audit /);
    }
  });

  it('shows a study', async () => {
    const { code, out } = await audit('study', ...source);
    expect(code).to.equal(0);
    expect(out.split('\n').slice(1, 5)).to.deep.equal([
      'title        A study of two rounds, played for a recording',
      'purpose      DUO:0000007; HRESCH',
      'members      HospitalA, HospitalB, HospitalC, Regulator',
      'approved by  HospitalA, HospitalB, HospitalC, Regulator',
    ]);
  });

  it('shows rounds as JSON', async () => {
    const { code, out } = await audit('rounds', ...source, '--json');
    const { verified, rounds } = JSON.parse(out) as { verified: boolean; rounds: RoundShown[] };
    expect([code, verified]).to.deep.equal([0, true]);
    expect(rounds.map((round) => [round.round, round.state, round.submissions.map((entry) => entry.participant), round.attesters.length])).to.deep.equal([
      [1, 'final', ['HospitalA', 'HospitalB', 'HospitalC'], 4], [2, 'final', ['HospitalA', 'HospitalB', 'HospitalC'], 4],
    ]);
    expect(rounds[1]?.base).to.equal(rounds[0]?.model);
  });

  it('shows one study only, and refuses one that is not there', async () => {
    const { studies: [study] } = JSON.parse((await audit('study', ...source, '--json')).out) as { studies: [StudyShown] };
    expect((await audit('rounds', ...source, '--study', study.study)).code).to.equal(0);
    expect(await audit('rounds', ...source, '--study', 'sha256:0')).to.deep.equal({ code: 1, out: '', err: 'fl-audit: STUDY_UNKNOWN: the ledger holds no study sha256:0' });
  });

  it('shows whose keys count', async () => {
    const { members } = JSON.parse((await audit('members', ...source, '--json')).out) as { members: MemberShown[] };
    expect(members.map(({ mspId, version, status }) => [mspId, version, status])).to.deep.equal(['HospitalA', 'HospitalB', 'HospitalC', 'Regulator'].map((mspId) => [mspId, 1, 'current']));
  });

  it('shows every transaction', async () => {
    const { log } = JSON.parse((await audit('log', ...source, '--json')).out) as { log: LogLine[] };
    const count = (name: string): number => log.filter((line) => line.transaction === name && line.validity === 'VALID').length;
    expect(['Participant:registerParticipant', 'Study:approve', 'Round:submit', 'Round:attest'].map(count)).to.deep.equal([4, 4, 6, 8]);
  });

  it('says when nothing was verified', async () => {
    const { code, err } = await audit('rounds', '--evidence', recording);
    expect([code, err]).to.deep.equal([0, 'not verified: no --trust-root was given']);
  });

  it('verifies: 0 and valid', async () => {
    const { code, out } = await audit('verify', ...source, '--blobs', join(recording, 'blobs'), '--content-keys', join(recording, 'content-keys.json'));
    expect(code).to.equal(0);
    expect(out).to.match(/ok {2}aggregate\.recomputed {3}2 rounds\n\nvalid: 32 blocks, /);
  });

  describe('on changed evidence', () => {
    let folder = '';
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'audit-'));
      await cp(recording, folder, { recursive: true });
      const bytes = await readFile(join(folder, 'blocks.bin'));
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      await writeFile(join(folder, 'blocks.bin'), bytes);
    });
    after(async () => { await rm(folder, { recursive: true }); });

    it('verifies: 1 and invalid', async () => {
      const { code, out } = await audit('verify', '--evidence', folder, '--trust-root', trustRoot);
      expect(code).to.equal(1);
      expect(out).to.match(/FAIL {2}chain\.headers .*block \d+: .*\n[^]*\n\ninvalid: /);
    });

    it('shows nothing that does not stand up to the trust root', async () => {
      const { code, out, err } = await audit('study', '--evidence', folder, '--trust-root', trustRoot, '--json');
      expect([code, out]).to.deep.equal([1, '']);
      expect(JSON.parse(err)).to.include({ level: 'error', code: 'EVIDENCE_INCOMPLETE' });
    });
  });

  it('exports what it was given', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'audit-'));
    try {
      const { code, out } = await audit('export', ...source, '--out', folder);
      expect([code, out]).to.deep.equal([0, `32 blocks, head signed by HospitalA, HospitalB, HospitalC, Regulator: ${folder}`]);
      expect(await readFile(join(folder, 'blocks.bin'))).to.deep.equal(await readFile(join(recording, 'blocks.bin')));
      expect((await audit('verify', '--evidence', folder, '--trust-root', trustRoot)).code).to.equal(0);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('ends wrong usage with 2', async () => {
    const wrong: [string[], RegExp][] = [
      [['verify', '--bogus'], /unknown option '--bogus'/],
      [['frobnicate'], /unknown command 'frobnicate'/],
      [['verify', '--evidence', recording], /verify needs --trust-root FILE/],
      [['study'], /give either --profile FILE or --evidence DIR/],
      [['study', '--profile', 'p', '--evidence', 'e'], /give either/],
      [['study', '--evidence', 'nowhere'], /cannot read the evidence nowhere/],
      [['study', '--evidence', recording, '--identity', 'nobody'], /Allowed choices/],
      [['verify', ...source, '--blobs', 'nowhere'], /cannot read the blob folder nowhere/],
      [['verify', '--evidence', recording, '--trust-root', join(recording, 'content-keys.json')], /BAD_FIELD: trustRoot/],
      [['verify', ...source, '--content-keys', trustRoot], /BAD_FIELD: contentKeys/],
    ];
    for (const [args, message] of wrong) {
      const ended = await audit(...args);
      expect(ended.code, args.join(' ')).to.equal(2);
      expect(ended.err).to.match(message);
    }
  });
});
