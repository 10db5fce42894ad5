/** Notes, checkpoints, cosignatures and proofs in the forms of C2SP: written, read, and refused after any change. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { sha256, u64 } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { newSigner } from '../crypto/ml-dsa.js';
import { isNoteSignature, noteAlgorithms, type NoteKeyAlgorithm } from './algorithms.js';
import { checkpointText, readCheckpoint, type Checkpoint } from './checkpoint.js';
import { cosign, cosignedAt, cosignedMessage, keyIdOf, newCosigner, verifierKey, type Cosigner } from './cosignature.js';
import { fromBase64, noteLine, readNote, readNoteLine, toBase64, writeNote } from './note.js';
import { readGrowthProof, readLogProof, writeGrowthProof, writeLogProof } from './proof.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const seed = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at);
const checkpoint: Checkpoint = { origin: 'example.com/behind-the-sofa', size: 20_852_163, root: Buffer.from('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=', 'base64') };
/** The example of c2sp.org/tlog-checkpoint. */
const example = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
`;
const refused = (act: () => unknown): void => { expect(act).to.throw(CodedError); };

describe('notes of C2SP', () => {
  it('are read and written as the specification\'s example', () => {
    const { text, signatures } = readNote(example);
    expect(readCheckpoint(text)).to.deep.equal({ ...checkpoint, root: new Uint8Array(checkpoint.root) });
    expect(checkpointText(checkpoint)).to.equal(text);
    expect(signatures.map(({ name }) => name)).to.deep.equal(['example.com/behind-the-sofa', 'witness.example.com/w1']);
    expect(writeNote(text, signatures.map(noteLine))).to.equal(example);
  });

  it('are refused where they are no notes', () => {
    for (const bad of ['', 'a\n', 'a\n\n', 'a\n\nb\n', example.slice(0, -1), example.replace('\u2014 witness', '- witness'), example.replace('=\n\u2014', '\n\u2014'), example.replace('AYQ8=', 'AYQ9='), `\u0007${example}`, `${example}\ud800\n`]) refused(() => readNote(bad));
    refused(() => readNote(writeNote('a\n', Array.from({ length: 129 }, () => noteLine({ name: 'x', keyId: seed(4), signature: seed(8) })))));
    for (const bad of ['a\n1\n', 'a\n01\nAAAA\n', `\n1\n${toBase64(seed(32))}\n`, `a\n1\n${toBase64(seed(31))}\n`, `a\n1\n${toBase64(seed(32))}\nmore\n`, `a\n1\n${toBase64(seed(32))}`, `a\n-1\n${toBase64(seed(32))}\n`]) refused(() => readCheckpoint(bad));
  });
});

describe('cosignatures of C2SP', () => {
  const signer = newSigner('mldsa65', seed(32));
  const own: Cosigner = { name: 'epione/c/HospitalA', algorithm: signer.suite, publicKey: signer.publicKey, sign: (message) => signer.sign(message) };
  const foreign = newCosigner('witness.example.com/w1', 'mldsa44', seed(32));

  it('sign the message of the specification, field by field', () => {
    const name = bytes(foreign.name);
    const origin = bytes(checkpoint.origin);
    expect(Buffer.from(cosignedMessage(foreign.name, 1_679_315_147, checkpoint))).to.deep.equal(Buffer.concat([
      bytes('subtree/v1\n\0'), [name.length], name, u64(1_679_315_147), [origin.length], origin, u64(0), u64(20_852_163), checkpoint.root,
    ].map((part) => Buffer.from(part))));
    refused(() => cosignedMessage('x'.repeat(256), 1, checkpoint));
    refused(() => cosignedMessage('', 1, checkpoint));
  });

  it('that other software made are good: ML-DSA-44 of torchwood, whose text says where it is from', () => {
    const { verifierKey: key, note } = JSON.parse(readFileSync(new URL('../../vectors/c2sp-cosignature.json', import.meta.url), 'utf8')) as { verifierKey: string; note: string };
    const [name = '', id] = key.split('+');
    const publicKey = fromBase64(key.slice(`${name}+${id ?? ''}+`.length)).slice(1);
    const { text, signatures } = readNote(note);
    expect(verifierKey({ name, algorithm: 'mldsa44', publicKey })).to.equal(key);
    expect(signatures.map((line) => cosignedAt(line, { name, algorithm: 'mldsa44', publicKey }, readCheckpoint(text)))).to.deep.equal([0]);
    expect(signatures.map((line) => cosignedAt(line, { name, algorithm: 'mldsa44', publicKey }, { ...readCheckpoint(text), size: 2 }))).to.deep.equal([undefined]);
  });

  it('name their key by the first bytes of a hash, with the type that C2SP gave', () => {
    const id = sha256(Buffer.concat([bytes('witness.example.com/w1\n'), Buffer.of(0x06), foreign.publicKey])).slice(0, 4);
    expect(keyIdOf(foreign)).to.deep.equal(id);
    const [name, hex, key = ''] = verifierKey(foreign).split('+', 3);
    expect([name, hex]).to.deep.equal([foreign.name, Buffer.from(id).toString('hex')]);
    expect(Buffer.from(key.slice(0, 4), 'base64')[0]).to.equal(0x06);
  });

  it('are good under their key, and under no other key, name, checkpoint, time', () => {
    for (const cosigner of [own, foreign]) {
      const line = readNoteLine(cosign(cosigner, checkpoint, 1_679_315_147));
      expect(cosignedAt(line, cosigner, checkpoint)).to.equal(1_679_315_147);
      expect(cosignedAt(line, cosigner, { ...checkpoint, size: 1 })).to.equal(undefined);
      expect(cosignedAt(line, cosigner, { ...checkpoint, origin: 'example.com/other' })).to.equal(undefined);
      expect(cosignedAt(line, cosigner, { ...checkpoint, root: seed(32) })).to.equal(undefined);
      expect(cosignedAt(line, { ...cosigner, name: 'other' }, checkpoint)).to.equal(undefined);
      const renamed = { ...cosigner, name: 'other' };
      expect(cosignedAt({ ...line, name: 'other', keyId: keyIdOf(renamed) }, renamed, checkpoint)).to.equal(undefined);
      fc.assert(fc.property(fc.nat(line.signature.length - 1), fc.nat(7), (at, bit) => {
        const signature = line.signature.map((byte, place) => (place === at ? byte ^ (1 << bit) : byte));
        expect(cosignedAt({ ...line, signature }, cosigner, checkpoint)).to.equal(undefined);
      }), { numRuns: 40 });
      expect(cosignedAt({ ...line, signature: line.signature.slice(1) }, cosigner, checkpoint)).to.equal(undefined);
    }
  });

  it('are the same for both back ends', function () {
    this.timeout(120_000);
    for (const algorithm of ['mldsa44', 'slhdsa128s'] satisfies NoteKeyAlgorithm[]) {
      const [native, noble] = (['native', 'noble'] as const).map((backend) => newCosigner('w', algorithm, seed(noteAlgorithms[algorithm].seed), backend)) as [Cosigner, Cosigner];
      expect(native.publicKey).to.deep.equal(noble.publicKey);
      expect(native.publicKey).to.have.length(noteAlgorithms[algorithm].publicKey);
      const signature = native.sign(bytes('message'));
      expect(signature).to.have.length(noteAlgorithms[algorithm].signature);
      for (const backend of ['native', 'noble'] as const) {
        expect(isNoteSignature(algorithm, native.publicKey, bytes('message'), signature, backend)).to.equal(true);
        expect(isNoteSignature(algorithm, native.publicKey, bytes('massage'), signature, backend)).to.equal(false);
        expect(isNoteSignature(algorithm, native.publicKey.slice(1), bytes('message'), signature, backend)).to.equal(false);
      }
      if (algorithm === 'mldsa44') expect(isNoteSignature(algorithm, noble.publicKey, bytes('message'), noble.sign(bytes('message')), 'native')).to.equal(true);
    }
    refused(() => newCosigner('w', 'slhdsa256s', seed(32)));
  });
});

describe('proofs of C2SP', () => {
  it('come back as they were written', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(1_000_000), fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 20 }), (extra, index, path) => {
      expect(readLogProof(writeLogProof({ extra, index, path, note: example }))).to.deep.equal({ extra: Uint8Array.from(extra), index, path: path.map((hash) => Uint8Array.from(hash)), note: example });
    }), { numRuns: 50 });
  });

  it('of growth come back too, and are refused in any other form', () => {
    for (const proof of [[], [seed(32)], [seed(32), seed(32)]]) expect(readGrowthProof(writeGrowthProof({ oldSize: 7, proof, note: example }))).to.deep.equal({ oldSize: 7, proof, note: example });
    const good = writeGrowthProof({ oldSize: 7, proof: [seed(32)], note: example });
    for (const bad of ['', good.replace('old 7', 'old 07'), good.replace('old 7', 'new 7'), good.replace(toBase64(seed(32)), toBase64(seed(31))), good.slice(0, 20)]) refused(() => readGrowthProof(bad));
  });

  it('are refused in any other form', () => {
    const good = writeLogProof({ extra: seed(3), index: 7, path: [seed(32)], note: example });
    for (const bad of ['', good.replace('@v1', '@v2'), good.replace('index 7', 'index 07'), good.replace('index 7', 'index'), good.replace('extra ', ''), good.replace(toBase64(seed(32)), toBase64(seed(31))), good.slice(0, 40)]) refused(() => readLogProof(bad));
  });
});
