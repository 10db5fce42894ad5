/** The study file of a run: the shipped one under the run's name, with what the run was told to change. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readStudyTemplate, type StudyTemplate } from '@epione/fl-worker';
import { mechanismOf, noiseWithin, stepsPerRound, type PrivacyTerms } from '@epione/protocol';
import { repository } from './command.js';

/** What a run may change of the shipped study. */
export interface StudyChanges {
  /** Federated rounds; as many as the study has when left out. */
  readonly rounds?: number;
  /** What a hospital without QKD keys does: wait, or fall back to ML-KEM alone with the reason on the ledger. */
  readonly qkdMissing: 'fail' | 'fallback';
  /** `visible`: aggregators see each update. The study's own masks when left out. */
  readonly aggregation?: 'masked' | 'visible';
  /** What masks are made of: expanded from seeds, or one-time pads of QKD key. The study's own when left out. */
  readonly expansion?: 'mask-aes256ctr' | 'mask-otp';
  /** `none`: no noise hides a patient. The study's own budget when left out. */
  readonly privacy?: 'patient' | 'none';
  /** A link that will not come back is not waited for long. */
  readonly impatient?: boolean;
}

/** The shipped study. */
export const shippedStudy = (): StudyTemplate => readStudyTemplate(readFileSync(join(repository, 'data', 'wdbc', 'study.yaml'), 'utf8'));

/** The terms with the noise that keeps another number of rounds within the same budget, by the quicker accountant, which asks for a little more noise. */
function within(privacy: PrivacyTerms, { training, rounds }: StudyTemplate): PrivacyTerms {
  if (privacy.unit === 'none') return privacy;
  const withNoise = (noiseMultiplier: number) => mechanismOf({ ...privacy, noiseMultiplier: String(noiseMultiplier) });
  const noise = noiseWithin('rdp', withNoise, rounds.count * stepsPerRound({ privacy, training }), Number(privacy.epsilon), Number(privacy.delta));
  return { ...privacy, noiseMultiplier: String(noise) };
}

/** Masks of another expansion. */
const expanded = (aggregation: StudyTemplate['aggregation'], expansion: StudyChanges['expansion']): StudyTemplate['aggregation'] =>
  aggregation.mode === 'visible' || expansion === undefined ? aggregation : { ...aggregation, expansion };

/** The study of a run. */
export function studyOfRun(name: string, { rounds, qkdMissing, aggregation, expansion, privacy, impatient }: StudyChanges): StudyTemplate {
  const shipped = shippedStudy();
  const waits = impatient === true && qkdMissing === 'fail' ? { submitMs: 20_000, graceMs: 5000 } : {};
  const template = { ...shipped, name, rounds: { ...shipped.rounds, ...waits, count: rounds ?? shipped.rounds.count } };
  return {
    ...template,
    suites: { ...shipped.suites, qkdMissing, ...(impatient === true ? { qkdWaitMs: 2000 } : {}), ...(qkdMissing === 'fallback' ? { sealing: ['seal-mlkem768-qkd', 'seal-mlkem768'] } : {}) },
    privacy: privacy === 'none' ? { unit: 'none' } : template.rounds.count === shipped.rounds.count ? shipped.privacy : within(shipped.privacy, template),
    aggregation: aggregation === 'visible' ? { mode: 'visible', rule: 'mean' } : expanded(shipped.aggregation, expansion),
  };
}
