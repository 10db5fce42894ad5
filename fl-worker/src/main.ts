/** The command line fl-worker: results on stdout, events and errors on stderr. */
import { Command, CommanderError } from 'commander';
import { addCommands } from './cli/commands.js';
import type { Print } from './cli/member-command.js';
import { exitCodeOf, explain } from './exit.js';

const example = `Example:
  $ fl-worker init --config worker.yaml && fl-worker run --config worker.yaml

A worker.yaml:
  mspId: HospitalA
  profile: /etc/epione/HospitalA.json      # from the network operator
  state: /var/lib/epione                   # keys, outbox, blobs
  study: sha256:…                          # or the study's file
  data: { train: rows.csv, idColumn: id }  # left out by an organization that only aggregates
  kme: { url: https://kme:8443, saeId: sae-hospitala, certificate: sae.pem, privateKey: sae.key, ca: qkd-ca.pem }
  blobServer: { host: 0.0.0.0, port: 7443, publicUrl: https://epione.hospital-a:7443, certificate: site.pem, privateKey: site.key, ca: members.pem }
  seed: any text                           # fixes the order of rows

Exit codes: 0 done, 1 failed, 2 usage, 3 refused by policy, 4 not authorised.
`;

const print: Print = (json, value, text) => {
  process.stdout.write(`${json === true ? JSON.stringify(value) : text}\n`);
};

const program = new Command('fl-worker')
  .description('Takes part in federated studies beside a hospital\'s data.')
  .addHelpText('beforeAll', example)
  .exitOverride()
  .configureOutput({ writeErr: () => undefined }); // errors are told once, in catch

process.umask(0o077); // whatever this program writes is for its owner
try {
  await addCommands(program, print, process.argv[2]);
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError) || error.exitCode !== 0) {
    const json = process.argv.includes('--json') || !process.stderr.isTTY;
    process.stderr.write(`${json ? JSON.stringify({ event: 'error', ...explain(error) }) : sentence(explain(error))}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

function sentence({ code, message, remedy }: ReturnType<typeof explain>): string {
  return `error ${code}: ${message}${remedy === undefined ? '' : `\n${remedy}`}`;
}
