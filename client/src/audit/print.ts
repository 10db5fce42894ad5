/** How results are printed for people: aligned columns, times in UTC, digests shortened. */
import type { Verdict } from '../verify/report.js';
import type { LogLine, MemberShown, RoundShown, StudyShown } from './views.js';

/** Columns as wide as their widest cell. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>((found, row) => row.map((cell, at) => Math.max(found[at] ?? 0, cell.length)), []);
  return rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ').trimEnd()).join('\n');
}

/** Algorithm and the first 16 digits: enough to find the whole in `--json`. */
const short = (digest: string): string => (digest.includes(':') ? digest.slice(0, digest.indexOf(':') + 17) : digest);
const when = (time: number | undefined): string => (time === undefined ? '-' : new Date(time).toISOString());
const names = (list: readonly string[]): string => (list.length === 0 ? '-' : list.join(', '));

export const printStudies = (studies: readonly StudyShown[]): string =>
  studies
    .map((study) => columns([
      ['study', study.study],
      ['title', study.title],
      ['purpose', `${study.purpose.duo.join(', ')}; ${study.purpose.reason}`],
      ['members', names(study.members)],
      ['approved by', names(study.approvedBy)],
      ...(study.rejectedBy.length === 0 ? [] : [['rejected by', names(study.rejectedBy)]]),
      ['opened', when(study.openedAt)],
      ['rounds', `${study.rounds.final} final, ${study.rounds.begun} begun, ${study.rounds.planned} planned`],
      ['suites', study.suites.sealing.join(', ')],
    ]))
    .join('\n\n') || 'no studies';

export function printRounds(rounds: readonly RoundShown[]): string {
  if (rounds.length === 0) return 'no rounds';
  // Most studies have no committee, and then no column for it.
  const drawn = (cell: string): string[] => (rounds.some(({ committee }) => committee !== undefined) ? [cell] : []);
  return columns([
    ['round', 'state', 'base', 'model', 'submitted by', ...drawn('committee'), 'attested by', 'dissent', 'ended'],
    ...rounds.map((round) => [
      String(round.round),
      round.reason === undefined ? round.state : `${round.state}: ${round.reason}`,
      short(round.base),
      short(round.model ?? '-'),
      names(round.submissions.map((entry) => (entry.retracted ? `${entry.participant} (retracted)` : entry.participant))),
      ...drawn(names(round.committee ?? [])),
      names(round.attesters),
      names(round.dissent),
      when(round.endedAt),
    ]),
  ]);
}

/** How a record ended, in words. */
const ended = ({ revoked }: MemberShown): string =>
  revoked === undefined
    ? '-'
    : `${when(revoked.time)} ${revoked.reason}${revoked.since === undefined ? '' : ` since ${when(revoked.since)}`}, by ${revoked.by}${revoked.approvedBy === undefined ? '' : ` for ${names(revoked.approvedBy)}`}`;

export const printMembers = (members: readonly MemberShown[]): string =>
  columns([
    ['member', 'version', 'record', 'status', 'registered', 'admitted by', 'revoked'],
    ...members.map((member) => [member.mspId, String(member.version), short(member.record), member.status, when(member.registeredAt), names(member.admittedBy ?? []), ended(member)]),
  ]);

export const printLog = (lines: readonly LogLine[]): string =>
  columns([['block', 'time', 'by', 'transaction', 'validity', 'ID'], ...lines.map((line) => [String(line.block), when(line.time), line.by, line.transaction, line.validity, short(`tx:${line.txId}`)])]);

const marks = { pass: 'ok', fail: 'FAIL', absent: '-' } as const;

export function printVerdict({ verdict, checks, counts }: Verdict): string {
  const rows = checks.map(({ name, result, object, message }) => [marks[result], name, [object, message].filter((part) => part !== undefined).join(': ')]);
  const seen = Object.entries(counts).map(([what, count]) => `${count} ${what}`).join(', ');
  return `${columns(rows)}\n\n${verdict}: ${seen}`;
}
