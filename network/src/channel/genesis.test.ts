/** The digest of a block's header, against bytes written out by hand. */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { derInteger } from '../connection/der.js';
import { headerDigest } from './genesis.js';

describe('header digest', () => {
  it('hashes the ASN.1 of number, previous hash and data hash', () => {
    const data = Buffer.alloc(32, 0xab);
    // SEQUENCE(39) { INTEGER 0, OCTET STRING (0), OCTET STRING (32) }
    const block0 = Buffer.concat([Buffer.from('3027020100' + '0400' + '0420', 'hex'), data]);
    expect(headerDigest(0, new Uint8Array(), data)).to.equal(`sha256:${createHash('sha256').update(block0).digest('hex')}`);
  });

  it('encodes integers in the shortest form, positive', () => {
    expect([0n, 1n, 127n, 128n, 255n, 256n, 65535n].map((value) => derInteger(value).toString('hex'))).to.deep.equal(
      ['020100', '020101', '02017f', '02020080', '020200ff', '02020100', '020300ffff'],
    );
  });
});
