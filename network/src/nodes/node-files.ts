/** The files that nodes read at their start: settings, the external builder, and how a peer reaches its chaincode process. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { readCredential } from '../identities/identities.js';
import { builderDir, connectionFile, connectionVariable, ordererSettings, peerSettings } from './node-settings.js';
import { credential, ordererOrganizations, writeJson, type Network, type Organization } from '../state.js';

const script = (...lines: string[]): string => ['#!/bin/sh', 'set -eu', ...lines, ''].join('\n');

// A package holds no address and no key. `release` hands the peer the file that its own environment names.
function writeBuilder(network: Network): void {
  const bin = join(builderDir(network), 'bin');
  mkdirSync(bin, { recursive: true });
  const put = (name: string, content: string): void => {
    writeFileSync(join(bin, name), content, { mode: 0o755 });
  };
  put('detect', script('grep -q \'"type":"ccaas"\' "$2/metadata.json"'));
  put('build', script('cp -r "$1/." "$3/"'));
  put('release', script('mkdir -p "$2/chaincode/server"', `cp "$${connectionVariable}" "$2/chaincode/server/connection.json"`, 'chmod 600 "$2/chaincode/server/connection.json"'));
}

function writeConnection(organization: Organization): void {
  const file = connectionFile(organization);
  const { certificate, privateKey } = readCredential(credential(organization, 'tls', 'peer'));
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeJson(file, {
    address: `localhost:${organization.ports.chaincode}`,
    dial_timeout: '10s',
    tls_required: true,
    client_auth_required: true,
    client_key: privateKey,
    client_cert: certificate,
    root_cert: readFileSync(credential(organization, 'authorities', 'tls').certificateFile, 'utf8'),
  });
}

/** Writes the settings that peers and orderers read at their start. */
export function writeSettings(network: Network): void {
  writeBuilder(network);
  for (const organization of network.organizations) {
    writeConnection(organization);
    writeFileSync(join(organization.dir, 'peer', 'core.yaml'), stringify(peerSettings(network, organization)), { mode: 0o600 });
  }
  for (const organization of ordererOrganizations(network)) {
    writeFileSync(join(organization.dir, 'orderer', 'orderer.yaml'), stringify(ordererSettings(network, organization)), { mode: 0o600 });
  }
}
