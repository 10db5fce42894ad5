/** The commands about the chaincode: package it, and put it in force on this machine's network or on one that others run. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { packChaincode } from '../chaincode/chaincode-package.js';
import { defaultChaincodeDir, deploy, planDeployment, type DefinitionOptions } from '../chaincode/deploy.js';
import { deployRemote, planRemoteDeployment, type RemoteDeployResult } from '../chaincode/deploy-remote.js';
import type { Plan } from '../chaincode/in-force.js';
import { writeStandalone } from '../chaincode/standalone.js';
import { plainConnection, readSamples } from '../connection/samples.js';
import type { PackageConnection, TargetProfile } from '../connection/target.js';
import { parsePackageConnection, readTargetProfile } from '../connection/target-profile.js';
import { NetworkError, sentenceOf } from '../error.js';
import { command, exit, print, table } from './command.js';

interface PackageFlags {
  readonly path?: string;
  readonly name?: string;
  readonly packageAddress?: string;
  readonly packageConnection?: string;
}

interface DeployFlags extends PackageFlags {
  readonly profile?: string;
  readonly samples?: string;
  readonly channel?: string;
  readonly endorsementPolicy?: string;
  readonly collections?: string;
  readonly dryRun?: true;
}

const packageOptions = (declared: Command): Command =>
  declared
    .option('--path <dir>', "folder of a built Node chaincode's package.json (default: the chaincode of this repository)")
    .option('--name <name>', "name of the chaincode (default: the topology's or the profile's, else epione)")
    .option('--package-address <host:port>', "where Fabric's own builder finds the chaincode process, such as '{{.peername}}_epione_ccaas:9999'; without TLS")
    .option('--package-connection <file>', 'the whole connection.json for that builder, with TLS');

function connectionOf({ packageAddress, packageConnection }: PackageFlags): PackageConnection | undefined {
  if (packageConnection === undefined) return packageAddress === undefined ? undefined : plainConnection(packageAddress);
  if (packageAddress !== undefined) throw new NetworkError('USAGE', 'Both --package-address and --package-connection are given.', 'Give one of them.');
  try {
    return parsePackageConnection(JSON.parse(readFileSync(packageConnection, 'utf8')));
  } catch (error) {
    throw new NetworkError('USAGE', `${packageConnection} is no connection.json: ${sentenceOf(error)}`, 'Name a JSON file with at least "address".', error);
  }
}

function profileOf(flags: DeployFlags): TargetProfile | undefined {
  const { profile: named, samples, channel, name } = flags;
  const connection = connectionOf(flags);
  if (named === undefined) {
    const stray = Object.entries({ '--samples': samples, '--channel': channel, '--name': name, '--package-address': flags.packageAddress, '--package-connection': flags.packageConnection }).find(([, value]) => value !== undefined);
    if (stray) throw new NetworkError('USAGE', `${stray[0]} goes with --profile only.`, "Leave it out: this machine's network knows it.");
    return undefined;
  }
  const overrides = { ...(channel === undefined ? {} : { channel }), ...(name === undefined ? {} : { chaincode: name }) };
  if (samples !== undefined && named !== 'fabric-samples') throw new NetworkError('USAGE', '--samples goes with --profile fabric-samples only.', 'Leave it out.');
  const profile = named === 'fabric-samples' ? readSamples(samples ?? 'fabric-samples/test-network', overrides) : readTargetProfile(named, overrides);
  return connection ? { ...profile, packageConnection: connection } : profile;
}

function planText({ changed, differences }: Plan): string {
  if (differences.length === 0) return 'Nothing would change.';
  const rows = differences.map(({ field, inForce, next }) => [field, inForce ?? 'nothing', '->', next]);
  return `${changed ? 'A definition would be committed:' : 'Nothing would be committed, but installed and approved:'}\n${table(rows)}`;
}

function remoteText({ packageId, version, sequence, changed, peers, migrated }: RemoteDeployResult): string {
  const silentPeers = peers.filter(({ answers }) => !answers);
  return [
    `${changed ? 'Deployed' : 'Already deployed'}: ${packageId}, version ${version}, sequence ${sequence}`,
    ...peers.filter(({ answers }) => answers).map(({ mspId, endpoint }) => `The chaincode answers at ${endpoint} of ${mspId}.`),
    ...silentPeers.map(({ mspId, endpoint, words }) => `The chaincode does not answer at ${endpoint} of ${mspId}: ${words ?? ''}`),
    ...(silentPeers.length > 0 ? [`Start it there with CHAINCODE_ID=${packageId}, then deploy again to see it answer and to migrate the state.`] : []),
    ...(migrated > 0 ? [`${migrated} entries of the state migrated.`] : []),
  ].join('\n');
}

/** Declares the commands. */
export function chaincodeCommands(program: Command): void {
  packageOptions(
    command<PackageFlags & { output?: string; standalone?: string }>(program, 'package', 'write the chaincode package and tell its package ID; needs no network', 'fl-network package --output epione.tar.gz', (options, flags, json) => {
      const dir = resolve(flags.path ?? defaultChaincodeDir);
      const name = flags.name ?? options.topology?.chaincode ?? 'epione';
      if (flags.standalone !== undefined) {
        const { label, version } = writeStandalone(dir, flags.standalone, name);
        print(json, { label, version, standalone: resolve(flags.standalone) }, resolve(flags.standalone));
        return Promise.resolve(exit.done);
      }
      const { bytes, packageId, label, version } = packChaincode(dir, name, connectionOf(flags));
      const output = resolve(flags.output ?? `${label}.tar.gz`);
      writeFileSync(output, bytes);
      print(json, { packageId, label, version, output }, packageId);
      return Promise.resolve(exit.done);
    }),
  ).option('--output <file>', 'where to write it (default: <name>_<version>.tar.gz in this folder)')
    .option('--standalone <dir>', 'instead write a folder with all code and exact dependencies, for deployCCAAS and deployCC of the samples, and for images');

  packageOptions(
    command<DeployFlags>(program, 'deploy', 'put the chaincode in force as a service, or change its definition', 'fl-network deploy', async ({ report, ...options }, flags, json) => {
      const profile = profileOf(flags);
      const definition: DefinitionOptions = {
        ...(flags.path === undefined ? {} : { path: flags.path }),
        ...(flags.endorsementPolicy === undefined ? {} : { endorsementPolicy: flags.endorsementPolicy }),
        ...(flags.collections === undefined ? {} : { collectionsFile: flags.collections }),
      };
      const told = report ? { report } : {};
      if (flags.dryRun) {
        const plan = profile ? await planRemoteDeployment({ profile, ...definition }) : await planDeployment({ ...options, ...definition });
        print(json, { changed: plan.changed, differences: plan.differences }, planText(plan));
        return exit.done;
      }
      if (profile) {
        const value = await deployRemote({ profile, ...definition, ...told });
        print(json, value, remoteText(value));
        return exit.done;
      }
      const value = await deploy({ ...options, ...definition, ...told });
      const migrated = value.migrated > 0 ? `; ${value.migrated} entries of the state migrated` : '';
      print(json, value, `${value.changed ? 'Deployed' : 'Already deployed'}: ${value.packageId}, version ${value.version}, sequence ${value.sequence}${migrated}`);
      return exit.done;
    }),
  )
    .option('--endorsement-policy <policy>', "who must endorse: OutOf(2,'A.peer','B.peer'), or a policy of the channel such as /Channel/Application/Endorsement (default: as it is)")
    .option('--collections <file>', "private data collections in Fabric's JSON format (default: as they are)")
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--profile <file>', 'a network that others run: a profile, or fabric-samples for their test network')
    .option('--samples <dir>', "folder test-network of Fabric's samples (default: fabric-samples/test-network)")
    .option('--channel <name>', "channel of that network (default: the profile's; mychannel in the samples)");
}
