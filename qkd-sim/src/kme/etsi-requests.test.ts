/** The requests of ETSI GS QKD 014, good and bad. */
import { expect } from 'chai';
import type { Fault } from './etsi-messages.js';
import { type KeyRequest, parseKeyIds, parseKeyRequest } from './etsi-requests.js';
import { limitsConfig } from './limits.js';

const limits = limitsConfig.parse({});
const NOW = 1_000_000;
const query = (text = ''): URLSearchParams => new URLSearchParams(text);
const [one, two] = ['BC490419-7D60-487f-adc1-4ddcc177c139', '0a782fb5-3434-48fe-aa4d-14f41d46cf92'];

const keyRequest = (method: string, text: string, body?: unknown): KeyRequest => {
  const { value } = parseKeyRequest(method, query(text), body, limits, NOW);
  if (value === undefined) throw new Error('faults');
  return value;
};
const faults = (method: string, text: string, body?: unknown): readonly Fault[] => {
  const parsed = parseKeyRequest(method, query(text), body, limits, NOW);
  if (parsed.faults === undefined) throw new Error('no faults');
  return parsed.faults;
};

describe('Get key', () => {
  it('takes its defaults from an empty body and the example of the standard from the query', () => {
    for (const made of [keyRequest('POST', ''), keyRequest('POST', '', {}), keyRequest('GET', '')]) expect(made).deep.include({ count: 1, bytes: 32, additionalSlaves: [], wishesKnown: true });
    expect(keyRequest('GET', 'number=3&size=1024')).deep.include({ count: 3, bytes: 128 });
    expect(keyRequest('POST', '', { number: 5, size: 64 })).deep.include({ count: 5, bytes: 8 });
  });

  it('refuses what is no number, given twice, or out of range', () => {
    for (const value of [0, -8, 'abc01', 1.5, null, 1e9]) {
      for (const name of ['number', 'size']) {
        expect(faults('POST', '', { [name]: value }), `${name} ${value}`).length(1);
        expect(faults('GET', `${name}=${value}`), `?${name}=${value}`).length(1);
      }
    }
    for (const body of [{ number: '3' }, [], 'x', { additional_slave_SAE_IDs: 'sae-c' }, { extension_mandatory: {} }]) expect(faults('POST', '', body)).not.empty;
    expect(faults('GET', 'number=1&number=2')).length(1);
  });

  it('finds all faults together', () => {
    expect(faults('POST', '', { number: 0, size: 257, additional_slave_SAE_IDs: ['a', 'a', ' '], extension_mandatory: [{ acme_route: 1 }] }).map(({ name }) => name))
      .deep.equal(['extension_mandatory', 'size', 'number', 'additional_slave_SAE_IDs', 'additional_slave_SAE_IDs']);
  });

  it('reads what keys must meet and what they should', () => {
    const body = { extension_mandatory: [{ epione_max_epsilon: 1e-9 }], extension_optional: [{ epione_max_epsilon: 1e-6, epione_max_age_s: 60 }, { acme_route: 'direct' }] };
    expect(keyRequest('POST', '', body)).deep.include({ required: { maxEpsilon: 1e-9 , madeAfter: -Infinity }, wished: { maxEpsilon: 1e-9, madeAfter: NOW - 60_000 }, wishesKnown: false });
    for (const value of ['1', 0, 2, null]) expect(faults('POST', '', { extension_mandatory: [{ epione_max_epsilon: value }] })[0]!.name).equal('extension_mandatory.epione_max_epsilon');
  });

  it('ignores empty lists and unknown members', () => {
    const body = { extension_mandatory: [], additional_slave_SAE_IDs: [], additional_target_sae_ids: [], x: 1 };
    expect(keyRequest('POST', '', body)).deep.include({ count: 1, bytes: 32 });
  });
});

describe('Get key with key IDs', () => {
  it('reads both forms, in any case', () => {
    expect(parseKeyIds('GET', query(`key_ID=${one}`), undefined, limits).value).deep.equal([one.toLowerCase()]);
    expect(parseKeyIds('POST', query(), { key_IDs: [{ key_ID: one, key_ID_extension: {} }, { key_ID: two }], key_IDs_extension: {} }, limits).value)
      .deep.equal([one.toLowerCase(), two]);
  });

  it('refuses none, too many, twice the same, and what is no UUID', () => {
    for (const text of ['', `key_ID=${one}&key_ID=${two}`]) expect(parseKeyIds('GET', query(text), undefined, limits).faults).length(1);
    const many = Array.from({ length: 129 }, (_, index) => ({ key_ID: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}` }));
    for (const body of [undefined, {}, { key_IDs: [] }, { key_IDs: [{}] }, { key_IDs: [{ key_ID: 'x' }] }, { key_IDs: many }, { key_IDs: [{ key_ID: one }, { key_ID: one.toLowerCase() }] }]) {
      expect(parseKeyIds('POST', query(), body, limits).faults).length(1);
    }
    expect(parseKeyIds('POST', query(), { key_IDs: [{}, { key_ID: 'x' }] }, limits).faults).length(2);
  });
});
