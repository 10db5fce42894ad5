/** The commands of `etsi-qkd-014`. */
import { Command, Option } from 'commander';
import { EtsiQkd014Client } from '../client.js';
import { examine } from '../doctor/examine.js';
import { printReport } from '../doctor/print.js';
import { depths, type Depth } from '../doctor/probe.js';
import { EtsiQkd014Error } from '../error.js';
import { readTlsIdentity } from '../options.js';
import type { KeyContainer } from '../qkd-key.js';
import { containerText, intoKeyFile } from './key-file.js';
import { clientOptions, command, exampleOf, otherSae, positive, type CommonFlags, type Output } from './options.js';

interface Where {
  readonly to?: string;
  readonly print?: true;
}
type GetKeyFlags = CommonFlags & Where & { readonly slave: string; readonly number?: number; readonly size?: number; readonly additionalSlave?: string[] };
type GetKeyWithIdsFlags = CommonFlags & Where & { readonly master: string };
type DoctorFlags = CommonFlags & {
  readonly slave: string;
  readonly depth: Depth;
  readonly slaveUrl?: string;
  readonly slaveCert?: string;
  readonly slaveKey?: string;
  readonly thirdUrl?: string;
  readonly thirdCert?: string;
  readonly thirdKey?: string;
};

const keyFileOption = (): Option => new Option('--to <file>', 'new file for the keys, readable for its owner only').conflicts('print');
const printOption = (): Option => new Option('--print', 'print the keys, where whoever reads the terminal or its log sees them');

/** Keys go to a file or, when asked for, to standard output. */
async function deliver({ to, print, json }: Where & CommonFlags, { out }: Output, take: () => Promise<KeyContainer>): Promise<void> {
  if (to === undefined && print === undefined) throw new EtsiQkd014Error('BAD_OPTION', 'say where the keys go: --to FILE, or --print');
  if (to !== undefined) {
    const written = await intoKeyFile(to, take);
    out(json === true ? JSON.stringify(written) : `${written.keyIds.join('\n')}\nin ${written.file}`);
    return;
  }
  using container = await take();
  out(containerText(container).trimEnd());
}

async function status(flags: CommonFlags & { readonly slave: string }, output: Output): Promise<void> {
  using client = await EtsiQkd014Client.open(clientOptions(flags, output));
  const found = await client.status(flags.slave);
  const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  output.out(flags.json === true ? JSON.stringify(found) : Object.entries(found).map(([name, value]) => `${name.padEnd(20)}  ${shown(value)}`).join('\n'));
}

async function getKey(flags: GetKeyFlags, output: Output): Promise<void> {
  const { slave, number, size, additionalSlave } = flags;
  using client = await EtsiQkd014Client.open(clientOptions(flags, output));
  await deliver(flags, output, () => client.getKey(slave, {
    ...(number === undefined ? {} : { number }), ...(size === undefined ? {} : { size }), ...(additionalSlave === undefined ? {} : { additionalSlaves: additionalSlave }),
  }));
}

async function getKeyWithIds(keyIds: readonly string[], flags: GetKeyWithIdsFlags, output: Output): Promise<void> {
  using client = await EtsiQkd014Client.open(clientOptions(flags, output));
  await deliver(flags, output, () => client.getKeyWithIds(flags.master, keyIds));
}

/** @returns whether nothing deviates and the server was reached. */
async function doctor(flags: DoctorFlags, output: Output): Promise<boolean> {
  const { slave, depth, json, slaveUrl, slaveCert, slaveKey, thirdUrl = slaveUrl, thirdCert, thirdKey } = flags;
  const { certificateFile, privateKeyFile, caFile, ...options } = clientOptions(flags, output);
  const slaveSae = await otherSae('slave', slaveUrl, slaveCert, slaveKey, caFile);
  const thirdSae = await otherSae('third', thirdUrl, thirdCert, thirdKey, caFile);
  const report = await examine({
    ...options, tls: await readTlsIdentity({ certificateFile, privateKeyFile, caFile }), slave, depth,
    ...(slaveSae === undefined ? {} : { slaveSae }), ...(thirdSae === undefined ? {} : { thirdSae }),
  });
  output.out(json === true ? JSON.stringify(report, undefined, 2) : printReport(report));
  return report.counts.deviates === 0 && report.connection !== undefined;
}

/** The program. @param conformed told what the doctor found. */
export function program(output: Output, conformed: (good: boolean) => void): Command {
  const slave = (): Option => new Option('--slave <id>', 'SAE ID at the other end').makeOptionMandatory();
  return new Command('etsi-qkd-014')
    .description('Key delivery by ETSI GS QKD 014 V1.1.1: keys of a key management entity, and whether it conforms.')
    .addHelpText('before', `Example: ${exampleOf('status', '--slave sae-b')}\n`)
    .addCommand(command('status', 'the pool of keys shared with a slave SAE', exampleOf('status', '--slave sae-b'))
      .addOption(slave()).action((flags: CommonFlags & { readonly slave: string }) => status(flags, output)))
    .addCommand(command('get-key', 'take fresh keys shared with a slave SAE; each is delivered once', exampleOf('get-key', '--slave sae-b --number 2 --to keys.json'))
      .addOption(slave()).option('--number <keys>', 'how many', positive).option('--size <bits>', 'of each', positive)
      .option('--additional-slave <id...>', 'further SAEs for the same keys').addOption(keyFileOption()).addOption(printOption())
      .action((flags: GetKeyFlags) => getKey(flags, output)))
    .addCommand(command('get-key-with-ids', 'take the copies of keys that a master SAE took', exampleOf('get-key-with-ids', '--master sae-a --to keys.json KEY_ID'))
      .argument('<key_ID...>', 'as the master got them').requiredOption('--master <id>', 'SAE ID that took them first').addOption(keyFileOption()).addOption(printOption())
      .action((keyIds: string[], flags: GetKeyWithIdsFlags) => getKeyWithIds(keyIds, flags, output)))
    .addCommand(command('doctor', 'check a server against the standard, clause by clause', exampleOf('doctor', '--slave sae-b'))
      .addOption(slave())
      .addOption(new Option('--depth <depth>', 'status: read only; requests: also faulty requests and connections; keys: also take up to thirty keys').choices(depths).default('keys'))
      .option('--slave-url <address>', 'key management entity of the slave SAE').option('--slave-cert <file>', 'certificate of the slave SAE').option('--slave-key <file>', 'its private key')
      .option('--third-url <address>', 'key management entity of a third SAE; default that of the slave').option('--third-cert <file>', 'certificate of a third SAE, which must not get the keys').option('--third-key <file>', 'its private key')
      .action(async (flags: DoctorFlags) => { conformed(await doctor(flags, output)); }));
}
