/** The command that makes a site's start-up kit. */
import { InvalidArgumentError, type Command } from 'commander';
import { makeKit } from '../kit/kit.js';
import { command, exit, host, port, print } from './command.js';

interface Flags {
  readonly output: string;
  readonly host: string;
  readonly blobPort: number;
  readonly kmeUrl?: string;
  readonly study?: string;
}

const form = (pattern: RegExp, words: string) => (text: string): string => {
  if (!pattern.test(text)) throw new InvalidArgumentError(words);
  return text;
};

/** Declares the command. */
export function kitCommands(program: Command): void {
  command<Flags>(program, 'kit', 'make the start-up kit of a site: profile, certificates, its own keys, configuration, instructions', 'fl-network kit HospitalA --host epione.hospital-a.example --output kits', async (options, { output, host: siteHost, blobPort, kmeUrl, study }, json, [mspId = '']) => {
    const kit = await makeKit({ ...options, mspId, output, host: siteHost, port: blobPort, ...(kmeUrl === undefined ? {} : { kmeUrl }), ...(study === undefined ? {} : { study }) });
    print(json, kit, `${kit.folder}\n${kit.archive}\nIt holds private keys of ${kit.mspId}: hand it over as such, and remove it here.\n${kit.loopback.length === 0 || siteHost === 'localhost' ? '' : `Peers of ${kit.loopback.join(', ')} are on loopback and out of the site's reach: name their host in the topology.\n`}Tell the site by another way: SHA256SUMS has the SHA-256\n${kit.digest}`);
    return exit.done;
  })
    .argument('<mspId>', 'MSP ID of the site')
    .option('--output <dir>', 'where to make the folder and the archive', 'kits')
    .option('--host <name>', "what the other members call the site; its certificate is made for it", host, 'localhost')
    .option('--blob-port <n>', 'where the site serves its blobs', port, 7443)
    .option('--kme-url <url>', "the site's key management entity", form(/^https:\/\/[^\s"]+$/, 'It must be an https:// address.'))
    .option('--study <digest>', 'the study to join', form(/^sha256:[0-9a-f]{64}$/, 'It must be the digest of a study.'));
}
