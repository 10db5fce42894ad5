/** Writes docs/walkthrough.md: the way of the data through one round, with the bytes of a real run (`npm run walkthrough`). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, readProfile, type Ledger, type StudyView } from '@epione/client';
import { canonicalText, readSealed, signedBytes, statementDigest, toHex, type Json, type ParticipantRecord, type RoundRecords, type Stored } from '@epione/protocol';
import { repository } from './command.js';
import { until, type Consortium } from './consortium.js';
import { Progress } from './progress.js';
import { runStudy, type RunResult } from './run.js';

/** What one round left on the ledger and in a blob store. */
interface Traces {
  readonly study: StudyView;
  readonly record: Stored<ParticipantRecord>;
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
  return { study: await ledger.getStudy(study), record, round };
}

function page({ study, record, round }: Traces, { outcome, places }: RunResult): string {
  const slot = round.slots.find((entry) => entry.kind === 'submission' && entry.statement.participant === 'HospitalA');
  const [attestation] = round.attestations;
  if (slot?.kind !== 'submission' || attestation === undefined) throw new Error('round 1 is not complete');
  const file = (digest: string): Uint8Array => readFileSync(join(places.blobs('HospitalA'), digest.replace(':', '-')));
  const blob = file(slot.statement.blob);
  const sealed = readSealed(blob);
  const model = file(attestation.statement.result.model ?? '');
  const document = study.study.statement;
  const { features, ...rest } = document;
  const first = new Float32Array(model.slice(0, 20).buffer);
  return `<!-- Written by \`npm run walkthrough\`; every value is from that run. -->
# One round, with its real bytes

The way of the data through round 1 of the study that \`npm start\` runs, seen at HospitalA. Long texts are cut in the middle. Keys, updates and statements differ
from run to run; the formats are the protocol's.

| # | step | package |
|---|---|---|
| 1 | a study that a quorum approved | protocol \`study.ts\`, chaincode \`study-contract.ts\` |
| 2 | a round open on a base | protocol \`round.ts\` |
| 3 | rows with a consent in force | fl-worker \`round/consented-rows.ts\`, protocol \`consent-set.ts\` |
| 4 | local training, difference, fixed point | fl-worker \`training/\`, protocol \`fixed-point.ts\` |
| 5 | a QKD key and an ML-KEM secret for each recipient | qkd-sim \`kme/\`, fl-worker \`kme/\`, protocol \`key-wrap.ts\` |
| 6 | the sealed blob | protocol \`sealed-update.ts\` |
| 7 | the signed submission | protocol \`submission.ts\`, chaincode \`round-contract.ts\` |
| 8 | sealed set, opened updates, sum | fl-worker \`round/aggregator.ts\`, protocol \`aggregate.ts\` |
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

## 2 The round

Opened by \`${canonicalText(slot.statement.after)}\`, on base \`${slot.statement.base}\`. No transaction opens a round: that it is open is derived.

## 3 Consents

HospitalA trained on ${slot.statement.numExamples} rows whose persons' consents were in force at block ${slot.statement.consent?.height ?? 0}. The submission commits to that set without showing it:

${shown(slot.statement.consent)}

## 4 to 6 The sealed update

The blob \`${slot.statement.blob}\` begins ${bytesOf(blob)}: the first line names the format, four bytes give the length of the header. The header, bound to the payload by the chunk encryption's context:

${shown(sealed.header)}

Each recipient unwraps the content key with its ML-KEM secret *and* the QKD key of that key_ID; with one of them alone it stays closed. The payload is ${sealed.sections[0]?.length ?? 0} bytes of
C2SP chunked encryption: 56 bytes of salt and commitment, then AES-256-GCM over the weight, ${document.model.dimension} weighted fixed-point values and 128 guard bits.

## 7 The submission

What the ledger holds of HospitalA's update (key \`submission~STUDY~000001~HospitalA\`): no model, no data, only digests, key_IDs, the weight and the signature.

${shown(slot)}

Digest \`${statementDigest('submission', slot.statement)}\`.

## 8 and 9 The result

All ${round.slots.length} slots are filled, so the round is sealed. Each aggregator opens the updates, adds integers (any order gives the same bytes), divides once, and attests. The first of ${round.attestations.length} attestations:

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
    state, rounds: 1, seed: 'epione', qkdMissing: 'fail', progress: new Progress(process.stderr),
    alongside: async (consortium, study) => {
      traces = await collect(consortium, study);
    },
  });
  if (traces === undefined) throw new Error('the run left no traces');
  writeFileSync(join(repository, 'docs', 'walkthrough.md'), page(traces, result));
} finally {
  rmSync(state, { recursive: true, force: true });
}
