/** The commands `fl-worker quantum …`: the four steps of a quantum digital signature, each a file in and a file out. */
import { readFile, writeFile } from 'node:fs/promises';
import { acceptJudgement, forwardSignature, judgeTransfer, signDocument } from '@epione/client';
import { documentOf, readJudgement, readQuantumSignature, readTransfer } from '@epione/protocol';
import type { Command } from 'commander';
import { readConfig } from '../config.js';
import { WorkerError } from '../error.js';
import { memberCommand, type Print, type SiteOptions } from './member-command.js';
import { asParty, writeMessage, type SigningOptions } from '../site/quantum-desk.js';

interface OutOptions extends SiteOptions {
  readonly out: string;
}

async function read(file: string): Promise<Buffer> {
  return readFile(file).catch((cause: unknown) => {
    throw new WorkerError('CONFIG_INVALID', `cannot read ${file}`, { cause });
  });
}

async function readMessage(file: string): Promise<unknown> {
  const bytes = await read(file);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new WorkerError('CONFIG_INVALID', `${file} is not JSON`, { cause });
  }
}

const hourMs = 3_600_000;

/** Adds the group `quantum`. */
export function addQuantumCommands(program: Command, print: Print): void {
  const group = program.command('quantum').description('quantum digital signatures of three parties: sign, forward, judge, accept');
  const writing = (usage: string, description: string): Command => memberCommand(group, usage, description).requiredOption('--out <file>', 'file for the message, for the next party');

  writing('sign <document>', 'signer: sign any file of at most 1 MiB, for the receiver')
    .requiredOption('--receiver <saeId>', 'who receives it')
    .requiredOption('--arbiter <saeId>', 'who judges with the receiver')
    .action(async (file: string, { config, json, out, receiver, arbiter }: OutOptions & SigningOptions) => {
      const document = new Uint8Array(await read(file));
      const signed = await asParty(await readConfig(config), (party) => signDocument(party, { receiver, arbiter }, document));
      await writeMessage(out, signed);
      print(json, { signer: signed.signer, receiver, arbiter, out }, `signed for ${receiver}, with ${arbiter} as arbiter: ${out}`);
    });
  writing('forward <signature>', 'receiver: fix what was received and hand it to the arbiter')
    .action(async (file: string, { config, json, out }: OutOptions) => {
      const signed = readQuantumSignature(await readMessage(file));
      await writeMessage(out, await asParty(await readConfig(config), (party) => forwardSignature(party, signed)));
      print(json, { signer: signed.signer, arbiter: signed.arbiter, out }, `for ${signed.arbiter}: ${out}`);
    });
  writing('judge <transfer>', 'arbiter: judge what the receiver has fixed; exit 1 for a bad signature')
    .action(async (file: string, { config, json, out }: OutOptions) => {
      const transfer = readTransfer(await readMessage(file));
      const judgement = await asParty(await readConfig(config), (party) => judgeTransfer(party, transfer));
      await writeMessage(out, judgement);
      const { valid, signer, receiver } = judgement;
      print(json, { valid, signer, receiver, out }, `the signature of ${signer} is ${valid ? 'good' : 'bad'}; for ${receiver}: ${out}`);
      if (!valid) process.exitCode = 1;
    });
  memberCommand(group, 'accept <judgement>', 'receiver: check the signature with the arbiter\'s part of the key; exit 1 for a bad one')
    .option('--document <file>', 'file for the signed document')
    .action(async (file: string, { config, json, document }: SiteOptions & { readonly document?: string }) => {
      const judgement = readJudgement(await readMessage(file));
      const { valid, signed } = await asParty(await readConfig(config), (party) => acceptJudgement(party, judgement));
      if (valid && document !== undefined) await writeFile(document, documentOf(signed));
      print(json, { valid, signer: signed.signer, arbiter: signed.arbiter }, `the signature of ${signed.signer} is ${valid ? 'good' : 'bad'}; ${signed.arbiter} finds the same`);
      if (!valid) process.exitCode = 1;
    });
  memberCommand(group, 'keys', 'bits of key that signatures have used, by peer and purpose')
    .action(async ({ config, json }: SiteOptions) => {
      const [lastHour, ever] = await asParty(await readConfig(config), ({ keys: { book } }) => Promise.resolve([book.used(hourMs), book.used(Infinity)] as const));
      print(json, { lastHour, ever }, ever.map(({ peer, purpose, bits }) => `${peer}  ${purpose}  ${bits} bits`).join('\n'));
    });
}
