/** Writes docs/walkthrough.md: the way of the data through one round, with the bytes of a real run (`npm run walkthrough`). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, readProfile, type Ledger, type StudyView } from '@epione/client';
import { canonicalText, decodeModel, readSealed, signedBytes, statementDigest, toHex, type Json, type ParticipantRecord, type RoundRecords, type Setup, type Stored } from '@epione/protocol';
import { repository } from './command.js';
import { until, type Consortium } from './consortium.js';
import { Progress } from './progress.js';
import { runStudy, type RunResult } from './run.js';

/** What one round left on the ledger and in a blob store. */
interface Traces {
  readonly study: StudyView;
  readonly record: Stored<ParticipantRecord>;
  readonly setups: readonly Stored<Setup>[];
  readonly round: RoundRecords;
}

/** A long text or hex string by its beginning and end. */
const short = (text: string, keep = 48): string => (text.length <= 2 * keep + 3 ? text : `${text.slice(0, keep)}...${text.slice(-16)} (${text.length} characters)`);

/** A JSON value with long texts cut, as a block. */
function shown(value: unknown): string {
  const cut = JSON.stringify(value, (_, entry: unknown) => (typeof entry === 'string' ? short(entry) : entry), 1);
  return `\`\`\`json\n${cut}\n\`\`\``;
}

const bytesOf = (bytes: Uint8Array, count = 64): string => `\`${toHex(bytes.subarray(0, count))}${bytes.length > count ? '...' : ''}\` (${bytes.length} bytes)`;

async function collect(consortium: Consortium, study: string): Promise<Traces> {
  using ledger: Ledger = await connect(await readProfile(consortium.places.profile('Regulator')), { identity: 'auditor' });
  const round = await until(120_000, 'the end of round 1', async () => {
    const records = await ledger.getRound(study, 1);
    return records.attestations.length === 4 ? records : undefined;
  });
  const { record } = await ledger.getParticipant('HospitalA');
  if (record === undefined) throw new Error('HospitalA has no record');
  return { study: await ledger.getStudy(study), record, setups: await ledger.listSetups(study, 1), round };
}

function page({ study, record, setups, round }: Traces, { outcome, places }: RunResult): string {
  const slot = round.slots.find((entry) => entry.kind === 'submission' && entry.statement.participant === 'HospitalA');
  const [attestation] = round.attestations;
  const setup = setups.find(({ statement }) => statement.participant === 'HospitalA');
  if (slot?.kind !== 'submission' || attestation === undefined || setup === undefined) throw new Error('round 1 is not complete');
  const file = (digest: string): Uint8Array => readFileSync(join(places.blobs('HospitalA'), digest.replace(':', '-')));
  const blob = file(slot.statement.blob);
  const sealed = readSealed(blob);
  const model = file(attestation.statement.result.model ?? '');
  const document = study.study.statement;
  const { features, ...rest } = document;
  const first = decodeModel(model).subarray(0, 5);
  return `<!-- Written by \`npm run walkthrough\`; every value is from that run. -->
# One round, with its real bytes

The way of the data through round 1 of the study that \`npm start\` runs, seen at HospitalA. Long texts are cut in the middle. Keys, updates and statements differ
from run to run; the formats are the protocol's.

| # | step | where |
|---|---|---|
| 1 | a study that a quorum approved | protocol \`statements/study.ts\`, chaincode \`study-contract.ts\` |
| 2 | a pair key between every two hospitals, and a round open on a base | fl-worker \`masked/set-up.ts\`, protocol \`masked/setup.ts\`, \`rules/round.ts\` |
| 3 | rows with a consent in force | fl-worker \`round/consented-rows.ts\`, protocol \`consent-set.ts\` |
| 4 | training behind noise, the budget charged before it; difference, fixed point, masks | fl-worker \`privacy/\`, protocol \`fixed-point.ts\`, \`masked/masks.ts\` |
| 5 | a QKD key and an ML-KEM secret for each recipient | qkd-sim \`kme/\`, fl-worker \`kme/\`, protocol \`crypto/key-wrap.ts\` |
| 6 | the sealed blob | protocol \`sealing/\` |
| 7 | the signed submission | protocol \`statements/submission.ts\`, chaincode \`round-contract.ts\` |
| 8 | sealed set, acknowledged; reveals; the sum | fl-worker \`masked/\`, \`round/aggregator.ts\`, protocol \`masked/unmask.ts\` |
| 9 | attestations, the new model | chaincode \`round-contract.ts\` |
| 10 | the auditor's verdict | client \`verify/\` |

## 0 Who takes part

HospitalA's record on the ledger, signed by the key it introduces and sent under the certificate whose key it names:

${shown(record)}

## 1 The study

Digest \`${outcome.study.digest}\`, over the signed bytes below; ${study.approvals.length} members approved it. Its first feature is \`${canonicalText(features[0] as unknown as Json)}\`, and it has ${features.length}. The rest:

${shown(rest)}

Signed bytes are DSSE's pre-authentication encoding: they begin

\`\`\`
${new TextDecoder().decode(signedBytes('study', document).subarray(0, 120))}...
\`\`\`

## 2 The set-up and the round

Before the study was opened, each hospital agreed on a key with every other one, from a QKD key and an ML-KEM secret. HospitalA did it with the two above it in the alphabet; its set-up on the ledger names the key_IDs, and a blob that only those two can open:

${shown(setup)}

The round was opened by \`${canonicalText(slot.statement.after)}\`, on base \`${slot.statement.base}\`. No transaction opens a round: that it is open is derived.

## 3 Consents

HospitalA trained on the rows whose persons' consents were in force at block ${slot.statement.consent?.height ?? 0}; how many they are is told to nobody. The submission commits to that set without showing it:

${shown(slot.statement.consent)}

## 4 Noise and masks

Before it trained, HospitalA charged the round to its patients' budget, and its submission says what is spent:

${shown(slot.statement.privacy)}

The difference to the base, as ${document.model.dimension} weighted fixed-point values, its weight and 128 guard bits of zeros, has one mask added that is HospitalA's own and one for each other hospital, added here and subtracted there.

## 5 and 6 The sealed update

The blob \`${slot.statement.blob}\` begins ${bytesOf(blob)}: the first line names the format, four bytes give the length of the header. The header, bound to the payload by the chunk encryption's context:

${shown(sealed.header)}

Each recipient unwraps the content key with its ML-KEM secret *and* the QKD key of that key_ID; with one of them alone it stays closed. The payload is ${sealed.sections[0]?.length ?? 0} bytes of
C2SP chunked encryption: 56 bytes of salt and commitment, then AES-256-GCM over the masked words. ${sealed.sections.length - 1} more sections hold what lets the others take the masks off again: commitments to the masks' seeds, and for each other hospital its share of them.

## 7 The submission

What the ledger holds of HospitalA's update (key \`submission~STUDY~000001~HospitalA\`): no model, no data, no number of rows, only digests, key_IDs, the budget spent and the signature.

${shown(slot)}

Digest \`${statementDigest('submission', slot.statement)}\`.

## 8 and 9 The result

All ${round.slots.length} slots are filled, so the round is sealed. Once more than half of the hospitals have acknowledged this set, each reveals its own mask; masks between two hospitals cancel. Each aggregator opens the masked updates, adds integers (any order gives the same bytes), takes the masks off the sum, divides once, and attests with the digests of the reveals. The first of ${round.attestations.length} attestations:

${shown(attestation)}

The model \`${attestation.statement.result.model ?? ''}\` is ${model.length} bytes of float32, little-endian: ${bytesOf(model, 20)}, that is ${[...first].map((value) => value.toPrecision(6)).join(', ')}, ...

## 10 The verdict

\`fl-audit verify\` over this ledger: **${outcome.verify.verdict}**.

| check | result | note |
|---|---|---|
${outcome.verify.checks.map(({ name, result, message }) => `| \`${name}\` | ${result} | ${message ?? ''} |`).join('\n')}
`;
}

const state = mkdtempSync(join(tmpdir(), 'epione-walkthrough-'));
try {
  let traces: Traces | undefined;
  const result = await runStudy({
    state, seed: 'epione', qkdMissing: 'fail', progress: new Progress(process.stderr),
    alongside: async (consortium, study) => {
      traces = await collect(consortium, study);
    },
  });
  if (traces === undefined) throw new Error('the run left no traces');
  writeFileSync(join(repository, 'docs', 'walkthrough.md'), page(traces, result));
} finally {
  rmSync(state, { recursive: true, force: true });
}
