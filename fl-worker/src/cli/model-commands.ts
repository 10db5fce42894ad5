/** The commands `fl-worker study import-keras` and `draw-initial`: where a study's model comes from and what it starts from. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { encodeModel, hashNameOf } from '@epione/protocol';
import { stringify } from 'yaml';
import { inputWidth } from '../data/dataset.js';
import { importKeras } from '../keras.js';
import { memberCommand, type Print, type SiteOptions } from './member-command.js';
import { readConfig } from '../config.js';
import { openBlobs } from '../site/site.js';
import { modelOf, readStudyTemplate } from '../study-template.js';
import { divided } from '../training/local-tensors.js';
import { initialParameters } from '../training/model.js';

/** Adds them to the group `study`. */
export function addModelCommands(study: Command, print: Print): void {
  study.command('import-keras <file>').description('print the model part of a study file from a sequential Keras model: config.json, to_json() or model.json')
    .option('--json', 'JSON on stdout')
    .action(async (file: string, { json }: { json?: boolean }) => {
      const model = importKeras(await readFile(file, 'utf8'));
      print(json, { model }, stringify({ model }, { flowCollectionPadding: true }).trimEnd());
    });
  memberCommand(study, 'draw-initial <file>', 'draw the parameters that a study file\'s model starts from, keep them among the own blobs and print their digest for model.initial')
    .requiredOption('--seed <text>', 'fixes them: the same digest at every member')
    .action(async (file: string, { config, json, seed }: SiteOptions & { seed: string }) => {
      const template = readStudyTemplate(await readFile(file, 'utf8'));
      const model = modelOf(template);
      const digest = await openBlobs(await readConfig(config)).put(encodeModel(divided(model, initialParameters(model, inputWidth(template), seed)).shared), hashNameOf('study', template));
      print(json, { initial: digest, parameters: model.dimension }, digest);
    });
}
