/** The commands that change a running channel: organization, orderer, policy, certificates. */
import { InvalidArgumentError, type Command } from 'commander';
import { renewCertificates, type RenewalResult } from '../change/certificates.js';
import { setEndorsementPolicy } from '../change/endorsement.js';
import { addOrderer, removeOrderer, type ChangeResult } from '../change/orderers.js';
import { addOrganization, removeOrganization } from '../change/organizations.js';
import { differencesText } from '../channel/config-text.js';
import { certificateKinds, type CertificateKind } from '../identities/identities.js';
import { command, exit, host, positive, print } from './command.js';

interface DryRun {
  readonly dryRun?: true;
}

function group(program: Command, name: string, description: string): Command {
  return program.command(name).description(description).exitOverride();
}

function printChange(json: boolean, done: string, result: ChangeResult): number {
  const head = result.dryRun ? 'Dry run, nothing was changed.' : result.changed ? done : 'Nothing to change.';
  print(json, result, `${head}\n${differencesText(result.differences)}`);
  return exit.done;
}

const dryRunOption = ['--dry-run', 'show what would change in the channel, and change nothing'] as const;

function kinds(text: string): readonly CertificateKind[] {
  return text.split(',').map((word) => {
    const kind = certificateKinds.find((candidate) => candidate === word.trim());
    if (!kind) throw new InvalidArgumentError(`It must be some of ${certificateKinds.join(',')}.`);
    return kind;
  });
}

function renewalText({ dryRun, renewed, differences }: RenewalResult): string {
  const head = dryRun ? `Dry run, nothing was changed. ${renewed.length} certificate(s) would be renewed:` : `${renewed.length} certificate(s) renewed${renewed.length === 0 ? '.' : ':'}`;
  const lines = renewed.map(({ mspId, kind, name, before, after }) => `${mspId} ${kind} ${name}\n  - ${before}\n  + ${after}`);
  return [head, ...lines, ...(renewed.length === 0 ? [] : [differencesText(differences)])].join('\n');
}

/** Declares the commands. */
export function changeCommands(program: Command): void {
  const organization = group(program, 'organization', 'take an organization into the running channel, or put one out');
  command<DryRun & { withoutOrderer?: true; host?: string }>(organization, 'add', 'take an organization in: identities, channel, processes, chaincode, profiles', 'fl-network organization add HospitalD --dry-run', async (options, flags, json, [mspId = '']) =>
    printChange(json, `${mspId} is a member.`, await addOrganization({ ...options, mspId, withoutOrderer: flags.withoutOrderer ?? false, host: flags.host, dryRun: flags.dryRun ?? false })),
  )
    .argument('<mspId>', 'its MSP ID')
    .option('--without-orderer', 'give it a peer only')
    .option('--host <name>', 'what the sites call the machine of its peer; on this machine only when left out', host)
    .option(...dryRunOption);
  command<DryRun>(organization, 'remove', 'put an organization out and stop its processes; its folder stays', 'fl-network organization remove HospitalD --dry-run', async (options, flags, json, [mspId = '']) =>
    printChange(json, `${mspId} is no member any more.`, await removeOrganization({ ...options, mspId, dryRun: flags.dryRun ?? false })),
  )
    .argument('<mspId>', 'its MSP ID')
    .option(...dryRunOption);

  const orderer = group(program, 'orderer', 'give a member an orderer, or take it away');
  command<DryRun>(orderer, 'add', 'start a member\'s orderer and let it vote', 'fl-network orderer add HospitalD', async (options, flags, json, [mspId = '']) =>
    printChange(json, `The orderer of ${mspId} votes.`, await addOrderer({ ...options, mspId, dryRun: flags.dryRun ?? false })),
  )
    .argument('<mspId>', 'its MSP ID')
    .option(...dryRunOption);
  command<DryRun>(orderer, 'remove', 'take a member\'s orderer out of the channel and stop it', 'fl-network orderer remove HospitalD', async (options, flags, json, [mspId = '']) =>
    printChange(json, `The orderer of ${mspId} is out of the channel.`, await removeOrderer({ ...options, mspId, dryRun: flags.dryRun ?? false })),
  )
    .argument('<mspId>', 'its MSP ID')
    .option(...dryRunOption);

  const policy = group(group(program, 'policy', 'change policies of the channel'), 'set', 'set a policy');
  command<DryRun>(policy, 'endorsement', 'who has to endorse a transaction', 'fl-network policy set endorsement "OutOf(2, \'HospitalA.peer\', \'HospitalB.peer\', \'Regulator.peer\')"', async (options, flags, json, [wanted = '']) =>
    printChange(json, 'The endorsement policy is set.', await setEndorsementPolicy({ ...options, policy: wanted, dryRun: flags.dryRun ?? false })),
  )
    .argument('<policy>', 'majority, or rules of AND, OR and OutOf over roles such as \'HospitalA.peer\'')
    .option(...dryRunOption);

  const certificates = group(program, 'certificates', 'certificates of nodes, users and services');
  command<DryRun & { within?: number; only?: readonly CertificateKind[]; newKeys?: true }>(certificates, 'renew', 'renew certificates, before or after their end, and restart what uses them', 'fl-network certificates renew --within 30', async (options, flags, json, [mspId]) => {
    const { within, only, newKeys = false, dryRun = false } = flags;
    const result = await renewCertificates({ ...options, newKeys, dryRun, ...(mspId === undefined ? {} : { mspId }), ...(within === undefined ? {} : { withinDays: within }), ...(only === undefined ? {} : { only }) });
    print(json, result, renewalText(result));
    return exit.done;
  })
    .argument('[mspId]', 'of one organization only')
    .option('--within <days>', 'only those that end within so many days, or have ended', positive)
    .option('--only <kinds>', `only some of ${certificateKinds.join(',')}`, kinds)
    .option('--new-keys', 'with new keys; a worker\'s new key needs a new participant record')
    .option(...dryRunOption);
}
