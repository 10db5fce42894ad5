/** A configuration update as a message to the orderers: the two sets, signed by administrators, in a signed envelope. */
import { randomBytes } from 'node:crypto';
import { common, msp } from '@hyperledger/fabric-protos';
import type { PeerLink } from '../connection/gateway.js';
import { encodeTree } from './config-tree.js';
import type { ConfigSets } from './config-update.js';

function signatureHeader({ gateway }: PeerLink): Uint8Array {
  const { mspId, credentials } = gateway.getIdentity();
  const creator = new msp.SerializedIdentity();
  creator.setMspid(mspId);
  creator.setIdBytes(credentials);
  const header = new common.SignatureHeader();
  header.setCreator(creator.serializeBinary());
  header.setNonce(randomBytes(24));
  return header.serializeBinary();
}

async function configSignature(admin: PeerLink, update: Uint8Array): Promise<common.ConfigSignature> {
  const signature = new common.ConfigSignature();
  const header = signatureHeader(admin);
  signature.setSignatureHeader(header);
  signature.setSignature(await admin.sign(Buffer.concat([header, update])));
  return signature;
}

/**
 * Makes the envelope of an update.
 * @param admins connections as administrators: all of them sign the update, the first one sends it
 */
export async function updateEnvelope(channel: string, { read, write }: ConfigSets, admins: readonly PeerLink[]): Promise<common.Envelope> {
  const [sender] = admins;
  if (!sender) throw new RangeError('An update needs an administrator.');
  const update = new common.ConfigUpdate();
  update.setChannelId(channel);
  update.setReadSet(encodeTree(read));
  update.setWriteSet(encodeTree(write));
  const bytes = update.serializeBinary();
  const signed = new common.ConfigUpdateEnvelope();
  signed.setConfigUpdate(bytes);
  signed.setSignaturesList(await Promise.all(admins.map(async (admin) => configSignature(admin, bytes))));

  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.CONFIG_UPDATE);
  channelHeader.setChannelId(channel);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(signatureHeader(sender));
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(signed.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  envelope.setSignature(await sender.sign(envelope.getPayload_asU8()));
  return envelope;
}
