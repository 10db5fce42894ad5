// Makes a token with one AES key for another package's tests: FOLDER LABEL PIN KEY; says which library reads it.
import { env, argv, stdout } from 'node:process';
import { startSoftHsm } from './soft-hsm.js';

const [folder = '', label = '', pin = '', key = ''] = argv.slice(2);
const hsm = startSoftHsm(folder, label, pin);
hsm.newAesKey(key);
stdout.write(JSON.stringify({ module: hsm.library, pinFile: hsm.pinFile, settings: env['SOFTHSM2_CONF'] }));
