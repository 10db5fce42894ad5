// The four steps of a quantum signature against a key management entity over HTTPS: in order, again, out of order, and with keys that have served.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { documentOf, fromBase64Url, isQuantumSigned, makeTransfer, quantumSign } from '@epione/protocol';
import { expect } from 'chai';
import { startKeyHouse, type KeyHouse } from '../testing/one-time-keys.js';
import { acceptJudgement, forwardSignature, judgeTransfer, signDocument, type QuantumParty } from './signature-parties.js';

const document = new TextEncoder().encode('{"decision":"approve"}');
const others = { receiver: 'sae-b', arbiter: 'sae-c' };
const codeOf = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'none', (error: unknown) => String((error as { code?: string }).code));

describe('parties of a quantum signature', () => {
  const folder = mkdtempSync(join(tmpdir(), 'epione-quantum-'));
  let house: KeyHouse;
  let [signer, receiver, arbiter, stranger] = [] as unknown as [QuantumParty, QuantumParty, QuantumParty, QuantumParty];

  before(async () => {
    house = await startKeyHouse(['sae-a', 'sae-b', 'sae-c', 'sae-d']);
    [signer, receiver, arbiter, stranger] = (['sae-a', 'sae-b', 'sae-c', 'sae-d'] as const).map((own) => ({ own, keys: house.keysOf(own, join(folder, `${own}.db`)) })) as [QuantumParty, QuantumParty, QuantumParty, QuantumParty];
  });
  after(async () => {
    await house[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  it('sign, forward, judge and accept, with five keys of 256 bits, each booked by both who share it', async () => {
    const signed = await signDocument(signer, others, document);
    const judgement = await judgeTransfer(arbiter, await forwardSignature(receiver, signed));
    const accepted = await acceptJudgement(receiver, judgement);
    expect([judgement.valid, accepted.valid]).deep.equal([true, true]);
    expect(documentOf(accepted.signed)).deep.equal(document);
    const uses = ({ keys }: QuantumParty): string[] => keys.book.used(60_000).map(({ peer, purpose, bits }) => `${peer} ${purpose} ${bits}`);
    expect(uses(signer)).deep.equal(['sae-b delivery 256', 'sae-b signature 256', 'sae-c signature 256']);
    expect(uses(receiver)).deep.equal(['sae-a delivery 256', 'sae-a signature 256', 'sae-c judgement 256', 'sae-c transfer 256']);
    expect(uses(arbiter)).deep.equal(['sae-a signature 256', 'sae-b judgement 256', 'sae-b transfer 256']);
  });

  it('give the same answer again, and take no further key for it', async () => {
    const signed = await signDocument(signer, others, document);
    const transfer = await forwardSignature(receiver, signed);
    const judgement = await judgeTransfer(arbiter, transfer);
    const accepted = await acceptJudgement(receiver, judgement);
    const asked = house.server.asked.length;
    expect(await forwardSignature(receiver, signed)).deep.equal(transfer);
    expect(await judgeTransfer(arbiter, transfer)).deep.equal(judgement);
    expect(await acceptJudgement(receiver, judgement)).deep.equal(accepted);
    expect(house.server.asked.length).equal(asked);
  });

  it('refuse a second document under keys that have served: who knows the whole key by now signs nothing with it', async () => {
    const signed = await signDocument(signer, others, document);
    const transfer = await forwardSignature(receiver, signed);
    const judgement = await judgeTransfer(arbiter, transfer);
    const [part, other] = [fromBase64Url(transfer.share), fromBase64Url(judgement.share)];
    expect(isQuantumSigned(signed, part, other)).equal(true);
    const forged = { ...signed, document: 'AAAA' };
    expect(await codeOf(forwardSignature(receiver, forged))).equal('KEY_USED');
    expect(await codeOf(judgeTransfer(arbiter, { ...transfer, signed: forged }))).equal('KEY_USED');
    // Nor does a genuine transfer of something else bring the arbiter's part out once more.
    const next = await signDocument(signer, others, document);
    const share = await receiver.keys.copy('sae-a', next.receiverKey, 'signature');
    const mixed = makeTransfer({ ...next, arbiterKey: signed.arbiterKey }, share, await receiver.keys.take('sae-c', 'transfer'));
    expect(await codeOf(judgeTransfer(arbiter, mixed))).equal('KEY_USED');
  });

  it('a document that was changed on the way to the receiver is refused, and spoils nothing for the right one', async () => {
    const signed = await signDocument(signer, others, document);
    expect(await codeOf(forwardSignature(receiver, { ...signed, document: 'AAAA' }))).equal('BAD_TAG');
    expect(receiver.keys.book.isBooked('sae-a', signed.receiverKey)).equal(false);
    expect((await judgeTransfer(arbiter, await forwardSignature(receiver, signed))).valid).equal(true);
  });

  it('a bad signature of the signer itself is found bad by both', async () => {
    const [receiverKey, arbiterKey, tagKey] = [await signer.keys.take('sae-b', 'signature'), await signer.keys.take('sae-c', 'signature'), await signer.keys.take('sae-b', 'delivery')];
    const signed = quantumSign({ signer: 'sae-a', ...others }, { receiverKey, arbiterKey: { ...arbiterKey, bytes: arbiterKey.bytes.toReversed() }, tagKey }, document);
    const judgement = await judgeTransfer(arbiter, await forwardSignature(receiver, signed));
    expect([judgement.valid, (await acceptJudgement(receiver, judgement)).valid]).deep.equal([false, false]);
  });

  it('changed messages between the other two are refused, and spoil nothing for the right ones', async () => {
    const signed = await signDocument(signer, others, document);
    const transfer = await forwardSignature(receiver, signed);
    expect(await codeOf(judgeTransfer(arbiter, { ...transfer, signed: { ...signed, document: 'AAAA' } }))).equal('BAD_TAG');
    expect(arbiter.keys.book.isBooked('sae-a', signed.arbiterKey)).equal(false);
    const judgement = await judgeTransfer(arbiter, transfer);
    expect(await codeOf(acceptJudgement(receiver, { ...judgement, valid: false }))).equal('BAD_TAG');
    expect(await codeOf(acceptJudgement(receiver, { ...judgement, signer: 'sae-d' }))).equal('NOT_EXPECTED');
    expect((await acceptJudgement(receiver, judgement)).valid).equal(true);
  });

  it('refuse what is for others, and what nobody holds a key for', async () => {
    const signed = await signDocument(signer, others, document);
    expect(await codeOf(forwardSignature(arbiter, signed))).equal('NOT_ADDRESSED');
    expect(await codeOf(forwardSignature(stranger, { ...signed, receiver: 'sae-d' }))).equal('KEY_UNAVAILABLE');
    const transfer = await forwardSignature(receiver, signed);
    expect(await codeOf(judgeTransfer(stranger, transfer))).equal('NOT_ADDRESSED');
    expect(await codeOf(judgeTransfer(arbiter, { ...transfer, tagKey: '00000000-0000-4000-8000-000000000000' }))).equal('KEY_UNAVAILABLE');
    expect((await judgeTransfer(arbiter, transfer)).valid).equal(true);
  });

  it('a key that an entity delivers twice is refused by the book', async () => {
    await using repeating = await startKeyHouse(['sae-a', 'sae-b'], new Set(['delivers again']));
    const [a, b] = [repeating.keysOf('sae-a', join(folder, 'again-a.db')), repeating.keysOf('sae-b', join(folder, 'again-b.db'))];
    const key = await a.take('sae-b', 'blocks');
    expect(await b.copy('sae-a', key.id, 'blocks')).deep.equal(key.bytes);
    b.book.finish('sae-a', key.id);
    expect(await codeOf(b.copy('sae-a', key.id.toUpperCase(), 'blocks'))).equal('KEY_USED');
  });

  it('a key is gone from the disk once its message has come', async () => {
    const key = await signer.keys.take('sae-b', 'blocks');
    await receiver.keys.copy('sae-a', key.id, 'blocks');
    const onDisk = (): boolean => readFileSync(join(folder, 'sae-b.db')).includes(Buffer.from(key.bytes));
    expect(onDisk()).equal(true);
    receiver.keys.book.finish('sae-a', key.id);
    expect(onDisk()).equal(false);
  });
});
