/** The door of this package: what study runs, end-to-end tests and other programs need of a worker. */
export { WorkerError, type WorkerCode } from './error.js';
export { readCsv, writeCsv, type CsvRecord, type CsvTable } from './data/csv.js';
export { selectRows, toDataset, type Dataset } from './data/dataset.js';
export { divideTable, holdOut, splitDirichlet, type Division } from './data/split.js';
export { evaluate, pooled, trainAlone } from './training/baseline.js';
export { areaUnderCurve, metricsOf, type Metrics } from './training/metrics.js';
export { describeModel, initialParameters } from './training/model.js';
export { readStudyTemplate, studyFrom, type StudyPlace, type StudyTemplate } from './study-template.js';
export { parseConfig, readConfig, type WorkerConfig } from './config.js';
export { initialise, type Initialised } from './site/enrolment.js';
export { openMembership, type Membership } from './site/membership.js';
export { approve, openStudy, registerStudy } from './site/study-desk.js';
export { runWorker } from './run.js';
export { workerStatus, type WorkerStatus } from './status.js';
export type { RoundReport } from './state/round-log.js';
export type { Ending, RunOptions } from './worker.js';
export type { Surroundings } from './site/site.js';
export type { Report } from './progress.js';
