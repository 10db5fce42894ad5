/** LDPC codes: the graphs, the decoder against its reference, and whole reconciliations. */
import { expect } from 'chai';
import fc from 'fast-check';
import { randomBytesOf, seededRandom } from '../../random.js';
import { entropy } from '../finite-key.js';
import { LIFT, baseGraph, disclosedRows } from './base-graph.js';
import { PlainDecoder } from './decoder.js';
import { Ldpc } from './ldpc.js';
import { VectorDecoder } from './vector-decoder.js';

/** Words with a share of errors, and how many there are. */
const disturbed = (words: Int32Array, qber: number, seed: number): { words: Int32Array; errors: number } => {
  const draws = new Uint32Array(randomBytesOf(seededRandom(new Uint8Array(32).fill(seed)), 128 * words.length).buffer);
  const other = words.slice();
  let errors = 0;
  draws.forEach((draw, place) => {
    if (draw >= qber * 2 ** 32) return;
    other[place >> 5]! ^= 1 << (place & 31);
    errors++;
  });
  return { words: other, errors };
};

const randomWords = (bits: number, seed: number): Int32Array => new Int32Array(randomBytesOf(seededRandom(new Uint8Array(32).fill(seed)), bits / 8).buffer);

interface Outcome {
  readonly equal: boolean;
  readonly efficiency: number;
  readonly rounds: number;
  readonly sentBits: number;
  readonly alice: Ldpc;
  readonly bob: Ldpc;
  readonly errors: number;
}

const reconcile = (bits: number, qber: number, estimate: number, seed = 1): Outcome => {
  const key = randomWords(bits, seed);
  const { words, errors } = disturbed(key, qber, seed + 1);
  const [alice, bob] = [new Ldpc(key, estimate), new Ldpc(words, estimate)];
  let [rounds, sentBits] = [0, 0];
  for (; !alice.done; rounds++) {
    const parities = alice.parities();
    sentBits += 8 * parities.length;
    alice.advance(bob.answer(parities));
  }
  const efficiency = alice.disclosedBits / (bits * entropy(errors / bits));
  return { equal: Buffer.compare(Buffer.from(key.buffer), Buffer.from(words.buffer)) === 0, efficiency, rounds, sentBits, alice, bob, errors };
};

describe('LDPC reconciliation', function () {
  this.timeout(120_000);

  it('has codes of the asked size without cycles of length 4', () => {
    for (const [columns, rows, pairs] of [[125, 24, 4], [128, 50, 10], [30, 12, 2], [3, 2, 0], [1, 2, 0]] as const) {
      const graph = baseGraph(columns, rows, pairs);
      expect(graph.rows).length(rows);
      // With the pairs merged and with them apart.
      const disclosed = disclosedRows(graph);
      for (const state of [disclosed.slice(0, rows - pairs), graph.rows]) {
        const seen = new Set<string>();
        state.forEach((one, i) => {
          expect(new Set(one.map(({ column }) => column)).size).equal(one.length);
          state.slice(i + 1).forEach((other, j) => {
            for (const { column, shift } of one) {
              const met = other.find((edge) => edge.column === column);
              if (met === undefined) continue;
              const name = `${i}/${i + 1 + j}/${(met.shift - shift) & (LIFT - 1)}`;
              expect(seen.has(name), name).equal(false);
              seen.add(name);
            }
          });
        });
      }
    }
  });

  it('decodes in vectors exactly as in plain TypeScript', () => {
    const graph = baseGraph(12, 6, 1);
    const [vector, plain] = [new VectorDecoder(graph), new PlainDecoder(graph)];
    const found = { yes: 0, no: 0 };
    fc.assert(fc.property(fc.nat(250), fc.constantFrom(0.02, 0.04, 0.06, 0.12), fc.integer({ min: 700, max: 768 }), fc.integer({ min: 160, max: 192 }), (seed, qber, frameBytes, sixteens) => {
      const errors = new Uint8Array(disturbed(new Int32Array(192), qber, seed).words.buffer).slice(0, frameBytes);
      const syndrome = vector.syndrome(errors, 16 * sixteens);
      expect(syndrome).deep.equal(plain.syndrome(errors, 16 * sixteens));
      const answer = vector.errors(syndrome, frameBytes);
      expect(answer).deep.equal(plain.errors(syndrome, frameBytes));
      found[answer === undefined ? 'no' : 'yes']++;
    }), { numRuns: 6, seed: 1 });
    expect(found.yes).least(1);
    expect(found.no).least(1);
  });

  for (const qber of [0.02, 0.025, 0.03, 0.05, 0.08]) {
    it(`corrects every error at ${100 * qber} % with f at most 1.30, and counts what it discloses`, () => {
      const { equal, efficiency, sentBits, alice, bob, errors } = reconcile(320_000, qber, qber);
      expect(equal).equal(true);
      expect(efficiency).within(1, 1.3);
      for (const end of [alice, bob]) expect({ disclosed: end.disclosedBits, corrections: end.corrections }).deep.equal({ disclosed: sentBits, corrections: errors });
    });
  }

  it('asks for further checks where the error rate was taken too low, and for the frame where they do not suffice', () => {
    const more = reconcile(128_000, 0.03, 0.029);
    expect(more.equal).equal(true);
    expect(more.rounds).least(2);
    expect(more.efficiency).most(1.3);
    const hopeless = reconcile(64_000, 0.2, 0.01);
    expect(hopeless.equal).equal(true);
    expect(hopeless.alice.disclosedBits).least(64_000);
  });

  it('takes any length of key, and any estimate', () => {
    for (const bits of [4000, 65_536 + 32, 100_000]) expect(reconcile(bits, 0.02, 0.03).equal, `${bits} bits`).equal(true);
    for (const estimate of [0, 0.5, 1]) expect(reconcile(64_000, 0.02, estimate).equal, `estimate ${estimate}`).equal(true);
  });

  it('refuses messages that are not due', () => {
    const [alice, bob] = [new Ldpc(randomWords(6400, 1), 0.03), new Ldpc(randomWords(6400, 2), 0.03)];
    expect(() => bob.answer(alice.parities().subarray(1))).throw(RangeError);
    expect(() => { alice.advance(new Uint8Array(4)); }).throw(RangeError);
  });
});
