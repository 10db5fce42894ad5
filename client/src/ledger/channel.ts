/** Opens gRPC channels to peers over TLS that refuses every key exchange but X25519MLKEM768. */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { Client, credentials, logVerbosity, setLogVerbosity, type ChannelOptions } from '@grpc/grpc-js';
import type { GatewayPeer } from './profile.js';

/** The one key exchange that ledger traffic may use; what is recorded today stays closed to a later quantum computer. */
const postQuantumGroup = 'X25519MLKEM768';

/** A peer that failed is tried again soon: grpc-js would wait a second after the first refusal, peers are back in half of it. */
const settings = {
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 500,
  'grpc.keepalive_time_ms': 120_000,
  'grpc.keepalive_timeout_ms': 20_000,
  // Blocks may be larger than gRPC's default of 4 MiB; a channel's configuration bounds them.
  'grpc.max_receive_message_length': 128 * 1024 * 1024,
};

/**
 * A tunnel through a proxy. The library would read the environment by itself, but not as the rest of this house does: it takes
 * http_proxy too, and matches exceptions by their last letters. Its lines on a proxy's refusals say no more than the errors do.
 */
function tunnel(endpoint: string, proxy: URL): ChannelOptions {
  if (process.env['GRPC_VERBOSITY'] === undefined) setLogVerbosity(logVerbosity.NONE);
  const credentialsOf = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'grpc.http_connect_target': `dns:${endpoint}`, 'grpc.default_authority': endpoint, ...(credentialsOf === ':' ? {} : { 'grpc.http_connect_creds': credentialsOf }) };
}

/** A channel to one peer, TLS being end to end also through a proxy. The caller closes it. */
export function openChannel(peer: GatewayPeer, allowClassicalTls: boolean, proxy?: URL): Client {
  const context = createSecureContext({
    ca: readFileSync(peer.tlsCaFile),
    minVersion: 'TLSv1.3',
    // `auto` is OpenSSL's choice, whatever else in this process has made its own the default.
    ecdhCurve: allowClassicalTls ? 'auto' : postQuantumGroup,
  });
  const address = proxy === undefined ? peer.endpoint : `${proxy.hostname}:${proxy.port || '80'}`;
  return new Client(address, credentials.createFromSecureContext(context), { ...settings, 'grpc.enable_http_proxy': 0, ...(proxy === undefined ? {} : tunnel(peer.endpoint, proxy)) });
}
