/** Membership: is every identity one of the organization that it claims, with the part that it plays? */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { genesisFile } from '../channel/genesis.js';
import { tlsNames, userNames } from '../identities/identities.js';
import { credential, ordererOrganizations, type Credential, type Organization } from '../state.js';
import { channelMembers, type ChannelMembers } from './channel-members.js';
import { fault, unlessAny, type Check, type Examined, type Remark } from './finding.js';
import { readOrdererSettings, readPeerSettings } from './settings.js';

const peerId = z.object({ peer: z.object({ localMspId: z.string() }) });
const ordererId = z.object({ General: z.object({ LocalMSPID: z.string() }) });
const units = ['client', 'peer', 'admin', 'orderer'] as const;
const nodeOUs = z.object({
  NodeOUs: z.object({ Enable: z.literal(true), ...Object.fromEntries(units.map((unit) => [`${unit[0]?.toUpperCase() ?? ''}${unit.slice(1)}OUIdentifier`, z.object({ OrganizationalUnitIdentifier: z.literal(unit) })])) }),
});

const restore = 'Put the right file back, or fl-network certificates renew.';
const own = (dir: string): Credential => ({ certificateFile: join(dir, 'msp', 'signcerts', 'cert.pem'), privateKeyFile: join(dir, 'msp', 'keystore', 'key.pem') });

/** What is wrong with a certificate and its key. @param unit the organizational unit that it must have, if any */
function credentialRemarks({ certificateFile, privateKeyFile }: Credential, authority: X509Certificate, unit?: string): Remark[] {
  const certificate = new X509Certificate(readFileSync(certificateFile));
  const remarks: Remark[] = [];
  if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey)) remarks.push(fault(`${certificateFile} was not issued by ${authority.subject.replaceAll('\n', ', ')}`, restore));
  if (!certificate.checkPrivateKey(createPrivateKey(readFileSync(privateKeyFile)))) remarks.push(fault(`${privateKeyFile} is not the key of the certificate beside it`, restore));
  const found = [...certificate.subject.matchAll(/^OU=(.*)$/gm)].map(([, name]) => name);
  if (unit !== undefined && found.join() !== unit) remarks.push(fault(`${certificateFile} has the organizational unit ${found.join(', ') || 'none'}, Fabric wants exactly ${unit}`, restore));
  return remarks;
}

function idRemark(file: string, found: string, mspId: string): Remark[] {
  return found === mspId ? [] : [fault(`${file} says the MSP ID ${found}, the organization is ${mspId}`, 'fl-network down, then fl-network up, which writes the settings anew.')];
}

function unitRemarks(dir: string): Remark[] {
  const file = join(dir, 'msp', 'config.yaml');
  const complete = existsSync(file) && nodeOUs.safeParse(parse(readFileSync(file, 'utf8'))).success;
  return complete ? [] : [fault(`${file} does not enable all node units, so nobody counts as ${units.join(', ')}`, 'Put back NodeOUs with Enable: true and the four identifiers.')];
}

function channelRemarks({ mspId, dir }: Organization, authority: string, isOrderer: boolean, { inForce, organizations, consenters }: ChannelMembers): Remark[] {
  const known = organizations.get(mspId);
  if (!known) return !inForce ? [] : [fault(`${mspId} is not an organization of the channel`, `fl-network organization add ${mspId}`)];
  const remarks: Remark[] = [];
  if (!known.roots.includes(authority)) remarks.push(fault(`the channel knows another authority of ${mspId} than ${join(dir, 'authorities', 'sign.pem')}`, 'Put back the authority that the channel was made with.'));
  if (!known.hasNodeUnits) remarks.push(fault(`the channel's configuration of ${mspId} has no node units`, 'Make the channel anew: its policies ask for them.'));
  const consenter = consenters.get(mspId);
  if (inForce && isOrderer && consenter !== undefined && consenter !== readFileSync(own(join(dir, 'orderer')).certificateFile, 'utf8')) {
    remarks.push(fault(`orderer.${mspId} has another certificate than the channel's consenter, so it follows and does not vote`, restore));
  }
  return remarks;
}

function remarksOf(organization: Organization, isOrderer: boolean, members: ChannelMembers | undefined): Remark[] {
  const { mspId, dir } = organization;
  const authorityText = readFileSync(credential(organization, 'authorities', 'sign').certificateFile, 'utf8');
  const [authority, tlsAuthority] = [new X509Certificate(authorityText), new X509Certificate(readFileSync(credential(organization, 'authorities', 'tls').certificateFile))];
  const nodes = isOrderer ? (['peer', 'orderer'] as const) : (['peer'] as const);
  return [
    ...idRemark(join(dir, 'peer', 'core.yaml'), peerId.parse(readPeerSettings(organization)).peer.localMspId, mspId),
    ...(isOrderer ? idRemark(join(dir, 'orderer', 'orderer.yaml'), ordererId.parse(readOrdererSettings(organization)).General.LocalMSPID, mspId) : []),
    ...nodes.flatMap((node) => [...unitRemarks(join(dir, node)), ...credentialRemarks(own(join(dir, node)), authority, node)]),
    ...userNames.flatMap((name) => credentialRemarks(credential(organization, 'users', name), authority, name === 'admin' ? 'admin' : 'client')),
    ...tlsNames.flatMap((name) => credentialRemarks(credential(organization, 'tls', name), tlsAuthority)),
    ...(members ? channelRemarks(organization, authorityText, isOrderer, members) : []),
  ];
}

export const membership: Check<Examined> = {
  name: 'membership',
  examine: async ({ network, status }) => {
    const serving = status.processes.filter(({ name, health }) => name.startsWith('peer.') && health === 'serving').map(({ name }) => name.slice('peer.'.length));
    const members = existsSync(genesisFile(network)) ? await channelMembers(network, serving) : undefined;
    const orderers = ordererOrganizations(network);
    const troubles = network.organizations.flatMap((organization) => remarksOf(organization, orderers.includes(organization), members));
    return unlessAny(troubles, `${network.organizations.length} organizations, every identity as the channel knows it`);
  },
};
