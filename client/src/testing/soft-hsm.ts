/** A real PKCS#11 token in software (SoftHSM 2) for tests, obtained where it is not installed. */
import { spawnSync } from 'node:child_process';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { env, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { CK, labelOf, loadPkcs11, type Handle, type Pkcs11 } from '../ledger/pkcs11.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const own = join(root, 'client', '.state', 'softhsm');
const places = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/*/softhsm/libsofthsm2.so', '/usr/lib64/{softhsm/,pkcs11/,}libsofthsm2.so', '/usr/local/lib/softhsm/libsofthsm2.so', '/opt/homebrew/lib/softhsm/libsofthsm2.so', `${own}/usr/lib/{*/,}softhsm/libsofthsm2.so`];

function run(command: string, args: readonly string[], cwd: string): { ok: boolean; words: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  return { ok: status === 0, words: error === undefined ? `${stdout}${stderr}`.trim().split('\n').slice(-3).join('\n') : error.message };
}

/** The library: named, installed, or taken from Debian's package without installing it. */
function library(): string {
  const find = (): string | undefined => env['SOFTHSM2_MODULE'] ?? places.flatMap((place) => globSync(place))[0];
  const found = find();
  if (found !== undefined) return found;
  mkdirSync(own, { recursive: true });
  const download = (): { ok: boolean; words: string } => run('apt-get', ['download', 'libsofthsm2'], own);
  let got = download();
  // A bare machine has no lists of packages yet.
  if (!got.ok && run('apt-get', ['update'], own).ok) got = download();
  const [archive] = globSync(join(own, '*.deb'));
  if (archive !== undefined) got = run('dpkg', ['-x', archive, own], own);
  const now = find();
  if (now === undefined) throw new Error(`SoftHSM 2 is not installed and apt does not give it (${got.words}). Install softhsm2 (Debian), softhsm (Fedora, Homebrew), or name libsofthsm2.so in SOFTHSM2_MODULE.`);
  return now;
}

/** Packages are installed without their scripts: the native part is built here, from the installed sources. */
function buildBinding(): void {
  const require = createRequire(createRequire(import.meta.url).resolve('@hyperledger/fabric-gateway'));
  const folder = dirname(require.resolve('pkcs11js/package.json'));
  if (existsSync(join(folder, 'build', 'Release', 'pkcs11.node'))) return;
  const headers = dirname(dirname(execPath));
  const args = ['rebuild', 'pkcs11js', '--ignore-scripts=false', ...(existsSync(join(headers, 'include', 'node')) ? [`--nodedir=${headers}`] : [])];
  const npm = env['npm_execpath'];
  const { ok, words } = npm === undefined ? run('npm', args, root) : run(env['npm_node_execpath'] ?? execPath, [npm, ...args], root);
  if (!ok) throw new Error(`pkcs11js cannot be built (${words}). Install a C++ compiler, make and Python 3.`);
}

/** A token with its user's PIN, and what a test does to it beside signing. */
export interface SoftHsm {
  readonly library: string;
  readonly label: string;
  readonly pinFile: string;
  readonly module: Pkcs11;
  readonly slot: Handle;
  /** Makes a key pair in the token. @param curve DER of the curve's object identifier, hex. */
  newKey(label: string, id: string, curve?: string): KeyObject;
  /** Makes an AES key in the token that never leaves it. @param bytes 16 or 32. */
  newAesKey(label: string, bytes?: number): void;
  /** Ends all sessions, as a device that begins anew does. */
  restart(): void;
}

const p256 = '06082a8648ce3d030107';
const soPin = '12345678';

/** A new token in a folder. A process has one folder: the library reads its settings once. */
export function startSoftHsm(folder: string, label: string, pin: string): SoftHsm {
  buildBinding();
  const file = library();
  const tokens = join(folder, 'tokens');
  mkdirSync(tokens, { recursive: true });
  writeFileSync(join(folder, 'softhsm2.conf'), `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  env['SOFTHSM2_CONF'] = join(folder, 'softhsm2.conf');
  const pinFile = join(folder, 'pin');
  writeFileSync(pinFile, `${pin}\n`, { mode: 0o600 });
  const module = loadPkcs11(file);
  const empty = module.C_GetSlotList(true).at(-1);
  if (empty === undefined) throw new Error('SoftHSM shows no slot');
  module.C_InitToken(empty, soPin, label);
  const slot = module.C_GetSlotList(true).find((entry) => labelOf(module, entry) === label);
  if (slot === undefined) throw new Error('the new token is not there');
  const officer = module.C_OpenSession(slot, CK.serialSession | CK.rwSession);
  module.C_Login(officer, CK.so, soPin);
  module.C_InitPIN(officer, pin);
  module.C_Logout(officer);
  module.C_CloseSession(officer);

  const newKey = (keyLabel: string, id: string, curve = p256): KeyObject => {
    const session = module.C_OpenSession(slot, CK.serialSession | CK.rwSession);
    module.C_Login(session, CK.user, pin);
    const common = [{ type: CK.token, value: true }, { type: CK.label, value: keyLabel }, { type: CK.id, value: Buffer.from(id, 'hex') }];
    const parameters = Buffer.from(curve, 'hex');
    const { publicKey } = module.C_GenerateKeyPair(session, { mechanism: CK.ecKeyPair }, [...common, { type: CK.ecParams, value: parameters }], [...common, { type: CK.sign, value: true }, { type: CK.sensitive, value: true }]);
    // CKA_EC_POINT is the point in an OCTET STRING; SubjectPublicKeyInfo takes it in a BIT STRING.
    const point = module.C_GetAttributeValue(session, publicKey, [{ type: CK.ecPoint }])[0]?.value.subarray(2) ?? Buffer.alloc(0);
    module.C_CloseSession(session);
    const algorithm = Buffer.concat([Buffer.from('06072a8648ce3d0201', 'hex'), parameters]);
    const body = Buffer.concat([Buffer.of(0x30, algorithm.length), algorithm, Buffer.of(0x03, point.length + 1, 0), point]);
    return createPublicKey({ key: Buffer.concat([Buffer.of(0x30, body.length), body]), format: 'der', type: 'spki' });
  };
  const newAesKey = (keyLabel: string, bytes = 32): void => {
    const session = module.C_OpenSession(slot, CK.serialSession | CK.rwSession);
    module.C_Login(session, CK.user, pin);
    const rights = [CK.token, CK.encrypt, CK.decrypt, CK.sensitive].map((type) => ({ type, value: true }));
    module.C_GenerateKey(session, { mechanism: CK.aesKeyGen }, [...rights, { type: CK.extractable, value: false }, { type: CK.label, value: keyLabel }, { type: CK.valueLength, value: bytes }]);
    module.C_CloseSession(session);
  };
  return { library: file, label, pinFile, module, slot, newKey, newAesKey, restart: () => { module.C_CloseAllSessions(slot); } };
}
