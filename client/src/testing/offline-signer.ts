/** The side that has the key, as a process of its own without a connection: request as JSON on stdin, signature in base64 on stdout. */
import { readFileSync } from 'node:fs';
import { argv, stdout } from 'node:process';
import { nativeSigner } from '../ledger/signer.js';
import { readSigningRequest } from '../ledger/signing-request.js';

const { message } = readSigningRequest(JSON.parse(readFileSync(0, 'utf8')));
const signature = await nativeSigner(readFileSync(argv[2] ?? ''))(Buffer.from(message, 'base64'));
stdout.write(Buffer.from(signature).toString('base64'));
