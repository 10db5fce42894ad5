/** Cosignatures on the ledger: each organization goes on from its own last one, and never to another history. */
import { expect } from 'chai';
import {
  canonicalText, checkpointOf, cosign, cosignerKey, MerkleLog, sha256, toBase64Url, toHex, type Cosignature, type Cosigner,
} from '@epione/protocol';
import { AnchorContract } from './anchor-contract.js';
import { argument, Consortium } from './testing/consortium.js';
import { codeOf } from './testing/refusal.js';

const contract = new AnchorContract();

/** A log of so many leaves; another history from leaf 3 on. */
function logOf(size: number, other = false): MerkleLog {
  const log = new MerkleLog(sha256);
  for (let at = 0; at < size; at++) log.append(Buffer.from(`block ${at}${other && at >= 3 ? ' forged' : ''}`));
  return log;
}

function statementOf(house: Consortium, mspId: string, { log, previous, by = mspId, foreign = false }: { log: MerkleLog; previous?: MerkleLog; by?: string; foreign?: boolean }): Cosignature {
  const record = house.newRecord(mspId);
  const head = (of: MerkleLog): { size: number; root: string } => ({ size: of.size, root: toHex(of.root()) });
  const bare = { channel: 'epione', genesis: record.genesis, mspId, record: house.record(mspId), ...head(log) } as Cosignature;
  const own: Cosigner = { ...cosignerKey(record), sign: (message) => house.signer(by).sign(message) };
  const other = house.witness(mspId);
  const lines = [own, ...(foreign ? [other] : [])].map((cosigner) => cosign(cosigner, checkpointOf(bare), 1_760_000_000));
  const consistency = previous !== undefined && previous.size <= log.size ? log.consistency(previous.size).map(toHex) : [];
  return { ...bare, consistency, lines, ...(previous === undefined ? {} : { previous: head(previous) }), ...(foreign ? { witnessKey: toBase64Url(other.publicKey) } : {}) };
}

const send = (house: Consortium, statement: Cosignature, caller = statement.mspId): Promise<string> =>
  house.ledger.run({ mspId: caller }, (ctx) => contract.cosign(ctx, argument(house.signed('cosignature', statement, statement.mspId))));

describe('Anchor', () => {
  let house: Consortium;

  beforeEach(async () => {
    house = new Consortium();
    for (const mspId of ['HospitalA', 'HospitalB']) await house.register(mspId);
  });

  it('keeps what each organization cosigned, and its last', async () => {
    await send(house, statementOf(house, 'HospitalA', { log: logOf(5), foreign: true }));
    await send(house, statementOf(house, 'HospitalB', { log: logOf(5) }));
    await send(house, statementOf(house, 'HospitalA', { log: logOf(9), previous: logOf(5) }));
    const ask = (mspId: string): Promise<string> => house.ledger.evaluate({ mspId: 'Regulator' }, (ctx) => contract.getAnchor(ctx, canonicalText({ mspId })));
    expect(JSON.parse(await ask('HospitalA'))).to.have.nested.property('anchor.size', 9);
    expect(JSON.parse(await ask('HospitalB'))).to.have.nested.property('anchor.root', toHex(logOf(5).root()));
    expect(await ask('HospitalC')).to.equal('{}');
    const query = (question: object): Promise<string> => house.ledger.evaluate({ mspId: 'Regulator' }, (ctx) => contract.queryCosignatures(ctx, canonicalText(question as never)));
    const first = JSON.parse(await query({ pageSize: 2 })) as { entries: { statement: Cosignature }[]; bookmark: string };
    const rest = JSON.parse(await query({ pageSize: 2, bookmark: first.bookmark })) as typeof first;
    expect([...first.entries, ...rest.entries].map(({ statement: { mspId, size, lines } }) => [size, mspId, lines.length])).to.deep.equal([[5, 'HospitalA', 2], [5, 'HospitalB', 1], [9, 'HospitalA', 1]]);
  });

  it('refuses a history that does not begin with what was cosigned', async () => {
    await send(house, statementOf(house, 'HospitalA', { log: logOf(5) }));
    const forged = { ...statementOf(house, 'HospitalA', { log: logOf(9, true) }), previous: { size: 5, root: toHex(logOf(5).root()) } };
    expect(await codeOf(send(house, { ...forged, consistency: logOf(9, true).consistency(5).map(toHex) }))).to.equal('EQUIVOCATION');
    expect(await codeOf(send(house, { ...forged, consistency: logOf(9).consistency(5).map(toHex) }))).to.equal('EQUIVOCATION');
    expect(await codeOf(send(house, statementOf(house, 'HospitalA', { log: logOf(5, true), previous: logOf(5) })))).to.equal('EQUIVOCATION');
    expect(await codeOf(send(house, statementOf(house, 'HospitalA', { log: logOf(4), previous: logOf(5) })))).to.equal('EQUIVOCATION');
  });

  it('wants the last one named, whatever is claimed', async () => {
    expect(await codeOf(send(house, statementOf(house, 'HospitalA', { log: logOf(9), previous: logOf(5) })))).to.equal('CONFLICT');
    await send(house, statementOf(house, 'HospitalA', { log: logOf(5) }));
    expect(await codeOf(send(house, statementOf(house, 'HospitalA', { log: logOf(9) })))).to.equal('CONFLICT');
    expect(await codeOf(send(house, statementOf(house, 'HospitalA', { log: logOf(9), previous: logOf(5, true) })))).to.equal('CONFLICT');
    expect(await codeOf(send(house, { ...statementOf(house, 'HospitalB', { log: logOf(9) }), consistency: ['00'.repeat(32)] }))).to.equal('BAD_FIELD');
  });

  it('refuses lines that are another\'s, over another checkpoint, or without their key', async () => {
    const good = statementOf(house, 'HospitalA', { log: logOf(5), foreign: true });
    const [own = '', foreign = ''] = good.lines;
    expect(await codeOf(send(house, statementOf(house, 'HospitalA', { log: logOf(5), by: 'HospitalB' })))).to.equal('BAD_SIGNATURE');
    expect(await codeOf(send(house, { ...good, root: toHex(logOf(6).root()) }))).to.equal('BAD_SIGNATURE');
    expect(await codeOf(send(house, { ...good, lines: [own, own] }))).to.equal('BAD_SIGNATURE');
    expect(await codeOf(send(house, { ...good, lines: [foreign] }))).to.equal('BAD_FIELD');
    expect(await codeOf(send(house, { ...good, lines: [own, foreign.replace('\u2014 ', '- ')] }))).to.equal('NOT_CANONICAL');
    expect(await codeOf(send(house, { ...good, genesis: `sha256:${'0'.repeat(64)}` }))).to.equal('CALLER_MISMATCH');
    expect(await codeOf(send(house, good, 'HospitalB'))).to.equal('CALLER_MISMATCH');
    await send(house, good);
  });
});
