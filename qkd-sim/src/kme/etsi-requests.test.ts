/** The requests of ETSI GS QKD 014, good and bad. */
import { expect } from 'chai';
import { MESSAGES, parseKeyIds, parseKeyRequest } from './etsi-requests.js';

const query = (text = ''): URLSearchParams => new URLSearchParams(text);
const [one, two] = ['BC490419-7D60-487f-adc1-4ddcc177c139', '0a782fb5-3434-48fe-aa4d-14f41d46cf92'];

describe('Get key', () => {
  it('takes its defaults from an empty body and the example of the standard from the query', () => {
    expect(parseKeyRequest('POST', query(), undefined)).deep.equal({ count: 1, bytes: 32 });
    expect(parseKeyRequest('POST', query(), {})).deep.equal({ count: 1, bytes: 32 });
    expect(parseKeyRequest('GET', query(), undefined)).deep.equal({ count: 1, bytes: 32 });
    expect(parseKeyRequest('GET', query('number=3&size=1024'), undefined)).deep.equal({ count: 3, bytes: 128 });
    expect(parseKeyRequest('POST', query(), { number: 5, size: 64 })).deep.equal({ count: 5, bytes: 8 });
  });

  it('uses the prescribed messages', () => {
    expect(parseKeyRequest('POST', query(), { size: 257 })).equal('size shall be a multiple of 8');
    expect(parseKeyRequest('GET', query('size=257'), undefined)).equal('size shall be a multiple of 8');
    expect(parseKeyRequest('POST', query(), { extension_mandatory: [{ acme_route: 'direct' }] })).equal('not all extension_mandatory parameters are supported');
    expect(MESSAGES.notFound).equal('one or more keys specified are not found on KME');
  });

  it('refuses what is no number, out of range, or multicast', () => {
    for (const value of [0, -8, 'abc01', 1.5, null, 1e9]) {
      expect(parseKeyRequest('POST', query(), { number: value }), `number ${value}`).a('string');
      expect(parseKeyRequest('POST', query(), { size: value }), `size ${value}`).a('string');
      expect(parseKeyRequest('GET', query(`number=${value}`), undefined), `?number=${value}`).a('string');
    }
    expect(parseKeyRequest('POST', query(), { number: '3' })).a('string');
    expect(parseKeyRequest('POST', query(), [])).a('string');
    expect(parseKeyRequest('POST', query(), { additional_slave_SAE_IDs: ['sae-c'] })).match(/max_SAE_ID_count is 0/);
  });

  it('ignores optional extensions, empty lists and unknown members', () => {
    const body = { extension_optional: [{ acme_route: 1 }], extension_mandatory: [], additional_slave_SAE_IDs: [], additional_target_sae_ids: [], x: 1 };
    expect(parseKeyRequest('POST', query(), body)).deep.equal({ count: 1, bytes: 32 });
  });
});

describe('Get key with key IDs', () => {
  it('reads both forms, in any case', () => {
    expect(parseKeyIds('GET', query(`key_ID=${one}`), undefined)).deep.equal([one.toLowerCase()]);
    expect(parseKeyIds('POST', query(), { key_IDs: [{ key_ID: one, key_ID_extension: {} }, { key_ID: two }], key_IDs_extension: {} }))
      .deep.equal([one.toLowerCase(), two]);
  });

  it('refuses none, too many, twice the same, and what is no UUID', () => {
    expect(parseKeyIds('GET', query(), undefined)).a('string');
    for (const body of [undefined, {}, { key_IDs: [] }, { key_IDs: [{}] }, { key_IDs: [{ key_ID: 'x' }] }, { key_IDs: new Array(129).fill({ key_ID: one }) }]) {
      expect(parseKeyIds('POST', query(), body)).a('string');
    }
    expect(parseKeyIds('POST', query(), { key_IDs: [{ key_ID: one }, { key_ID: one.toLowerCase() }] })).match(/twice/);
  });
});
