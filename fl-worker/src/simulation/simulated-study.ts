/** The study document of a simulation: that of a network run where the members are the same, else one of as many sites as asked for. */
import { boundFault, encodeModel, digestOf, encodingFaults, hashNameOf, leastUpdates, maskedFaults, type Digest, type Study } from '@epione/protocol';
import { inputWidth } from '../data/dataset.js';
import { WorkerError } from '../error.js';
import { studyFrom, type StudyPlace, type StudyTemplate } from '../study-template.js';
import { divided } from '../training/local-tensors.js';
import { initialParameters } from '../training/model.js';

/** Most members of a study on a ledger. */
export const ledgerLimit = 64;

/** Where a simulation takes place: on no ledger. */
const nowhere = { channel: 'simulation', genesis: `sha256:${'0'.repeat(64)}` as Digest, chaincode: 'epione', observers: [] } satisfies Partial<StudyPlace>;

/**
 * A study among these sites.
 * @param participants MSP IDs, at most 64 of which a ledger would take; more have the same rules in all that a round computes.
 * @throws CodedError STUDY_INVALID, RULE_BOUND.
 */
export function simulatedStudy(template: StudyTemplate, participants: readonly string[]): Study {
  const sites = [...participants].sort();
  const few = sites.slice(0, ledgerLimit);
  const study = studyFrom(template, { ...nowhere, participants: few, aggregators: few });
  if (sites.length === few.length) return study;
  const large: Study = { ...study, participants: sites, quorums: { ...study.quorums, submit: Math.max(Math.floor(sites.length / 2) + 1, leastUpdates(study)) } };
  const faults = [...encodingFaults(large, sites.length), ...maskedFaults(large, sites.length), ...[boundFault(large) ?? []].flat()];
  if (faults.length > 0) throw new WorkerError('STUDY_INVALID', faults.map((fault) => `study.${fault}`).join('; '));
  return large;
}

/**
 * The shared parameters that a study's first round starts from, zeros or as `fl-worker study draw-initial` draws them.
 * @throws WorkerError BAD_FIELD when the study names others than the seed gives.
 */
export function initialOf(study: Study, seed: string | undefined): Float32Array {
  const { model } = study;
  if (model.initial === 'zeros' && seed === undefined) return new Float32Array(model.dimension);
  if (seed === undefined) throw new WorkerError('BAD_FIELD', `the study starts from ${model.initial}`, { remedy: 'Give the seed of which it was drawn.' });
  const { shared } = divided(model, initialParameters(model, inputWidth(study), seed));
  const digest = digestOf(encodeModel(shared), hashNameOf('study', study));
  if (digest !== model.initial) throw new WorkerError('BAD_FIELD', `the seed gives ${digest}, the study starts from ${model.initial}`, { remedy: 'Set model.initial of the study file to this digest, or give the seed of which the study’s was drawn.' });
  return shared;
}
