/** The registry, and that every place where a suite's name appears refuses one that is not in it. */
import { expect } from 'chai';
import { z } from 'zod';

import { encodeCanonical } from '../encoding/canonical-json.js';
import { concat, u32, type Digest } from '../encoding/digest.js';
import { parse } from '../encoding/fields.js';
import * as protocol from '../index.js';
import { codeOf } from '../testing/refusal.js';

const { anchorSuites, kemSuites, padSuites, sealingSuites, signatureSuites } = protocol;
const registry = [...[signatureSuites, kemSuites, sealingSuites, anchorSuites, padSuites].flatMap((suites) => Object.keys(suites)), ...Object.keys(protocol.profiles)];
const strangers = ['mldsa44', 'mlkem512', 'seal-mlkem768-QKD', 'seal-mlkem768-qkd ', 'none', '', 'constructor', '__proto__', 'toString'];
const of = (digit: string): Digest => `sha256:${digit.repeat(64)}`;

/** Paths of a schema at which a registered name may stand; `0` is an entry of a list. */
function placesIn(schema: unknown, path = ''): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { enum: names } = schema as { enum?: unknown };
  const here = Array.isArray(names) && names.some((name) => registry.includes(String(name))) ? [path] : [];
  return [...here, ...Object.entries(schema).flatMap(([key, value]) => placesIn(value, ['properties', 'anyOf', 'allOf'].includes(key) ? path : `${path}/${key === 'items' ? '0' : key}`))];
}

/** Nothing but a value at a path. */
const only = (path: readonly string[], value: string): unknown => path.reduceRight<unknown>((inner, key) => (key === '0' ? [inner] : { [key]: inner }), value);

/** Every schema behind the door. */
const schemas = Object.entries<unknown>(protocol).flatMap(([name, value]): [string, z.ZodType][] => (value instanceof z.ZodType ? [[name, value]] : []));

const keys = protocol.newKemKeys('mlkem768', new Uint8Array(64));
const signer = protocol.newSigner('mldsa65', new Uint8Array(32));
const context = { to: 'B', toRecord: of('4'), ...protocol.establish('seal-mlkem768', { kemSuite: 'mlkem768', encapsulationKey: protocol.toBase64Url(keys.encapsulationKey) }).context };
const blob = protocol.sealUpdate({
  study: of('1'), epoch: 1, round: 1, purpose: 'update', from: 'A', fromRecord: of('2'), recipients: [{ context, sharedSecret: new Uint8Array(32) }],
  payload: new Uint8Array(1), contentKey: new Uint8Array(32), salt: new Uint8Array(24),
});

/** The blob with another suite in its header. */
function blobWith(suite: string): Uint8Array {
  const { header, sections } = protocol.readSealed(blob);
  const encoded = encodeCanonical({ ...header, recipients: header.recipients.map((entry) => ({ ...entry, suite })) });
  return concat(blob.subarray(0, 16), u32(encoded.length), encoded, ...sections);
}

/** Every function that is given a suite's name, and what a stranger meets there. */
const calls: Readonly<Record<string, (name: never) => unknown>> = {
  sealingKem: (name) => protocol.sealingKem(name),
  transcript: (suite) => protocol.transcript({ ...context, suite, study: of('1'), epoch: 1, round: 1, purpose: 'update', from: 'A', fromRecord: of('2') }),
  wrapKey: (suite) => protocol.wrapKey({ ...context, suite, study: of('1'), epoch: 1, round: 1, purpose: 'update', from: 'A', fromRecord: of('2') }, new Uint8Array(32), undefined, new Uint8Array(32)),
  unwrapKey: (suite) => protocol.unwrapKey({ ...context, suite, study: of('1'), epoch: 1, round: 1, purpose: 'update', from: 'A', fromRecord: of('2') }, new Uint8Array(32), undefined, new Uint8Array(48)),
  establish: (suite) => protocol.establish(suite, { kemSuite: 'mlkem768', encapsulationKey: protocol.toBase64Url(keys.encapsulationKey) }),
  established: (suite) => protocol.established(suite, keys, context.ciphertext, undefined),
  newSigner: (suite) => protocol.newSigner(suite, new Uint8Array(32)),
  newAnchorSigner: (suite) => protocol.newAnchorSigner(suite, new Uint8Array(48)),
  newKemKeys: (suite) => protocol.newKemKeys(suite, new Uint8Array(64)),
  encapsulate: (suite) => protocol.encapsulate(suite, keys.encapsulationKey),
  readSealed: (suite) => protocol.readSealed(blobWith(suite)),
};

describe('suites', () => {
  it('have the sizes of their standards', () => {
    expect(signer.publicKey).to.have.length(signatureSuites.mldsa65.publicKey);
    expect(keys.encapsulationKey).to.have.length(kemSuites.mlkem768.encapsulationKey);
    expect(Object.keys(sealingSuites)).to.deep.equal(['seal-mlkem768-qkd', 'seal-mlkem1024-qkd', 'seal-mlkem768-x25519-qkd', 'seal-mlkem768', 'seal-mlkem1024']);
    for (const [name, { kem, secrets }] of Object.entries(sealingSuites)) expect(name).to.equal(`seal-${kem}${secrets.slice(1).map((secret) => `-${secret}`).join('')}`);
    expect(new Set(registry).size).to.equal(registry.length);
  });

  it('stand in these places of documents and statements, and a stranger is refused in each', () => {
    const places = schemas.flatMap(([name, schema]) => placesIn(z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' })).map((path) => ({ name, schema, path })));
    expect(places.map(({ name, path }) => `${name}${path}`).toSorted()).to.deep.equal([
      'anchorSuite', 'kemSuite', 'participantRecord/kemSuite', 'participantRecord/signatureSuite', 'profile', 'sealingSuite', 'setup/pairs/0/suite', 'signatureSuite',
      'study/suites/profile', 'study/suites/sealing/0', 'study/suites/signature', 'submission/sealed/0/suite',
    ]);
    for (const stranger of strangers) {
      for (const { name, schema, path } of places) {
        const steps = path.split('/').slice(1);
        const issues = schema.safeParse(only(steps, stranger)).error?.issues ?? [];
        expect(issues.filter((issue) => issue.path.join('/') === steps.join('/')).map((issue) => issue.message), `${name}${path} ${stranger}`).to.deep.equal([protocol.unknownSuite]);
      }
      for (const type of [protocol.signatureSuite, protocol.kemSuite, protocol.sealingSuite, protocol.anchorSuite, protocol.profile]) expect(codeOf(() => parse(type, stranger, 'suite')), stranger).to.equal('UNKNOWN_SUITE');
    }
  });

  it('are refused by every function when unknown', () => {
    for (const [name, call] of Object.entries(calls)) for (const stranger of strangers) expect(codeOf(() => call(stranger as never)), `${name} ${stranger}`).to.equal('UNKNOWN_SUITE');
  });

  it('answer false to a question about an unknown name', () => {
    for (const name of strangers as never[]) {
      expect(protocol.verify(name, signer.publicKey, new Uint8Array(), new Uint8Array(3309))).to.equal(false);
      expect(protocol.verifyAnchorSignature(name, new Uint8Array(32), new Uint8Array(), new Uint8Array(7856))).to.equal(false);
      expect(protocol.checkEncapsulationKey(name, keys.encapsulationKey)).to.equal(false);
      expect(protocol.needsQkd(name)).to.equal(false);
      expect(protocol.needsX25519(name)).to.equal(false);
    }
  });
});
