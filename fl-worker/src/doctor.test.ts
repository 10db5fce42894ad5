// What the doctor says of a Node.
import { expect } from 'chai';
import { nodeVersion } from './doctor.js';

describe('doctor', () => {
  it('names a Node without a sound post-quantum key exchange', () => {
    expect(nodeVersion(process.versions)).to.match(/^Node \d+\.\d+\.\d+ with OpenSSL 3/);
    expect(nodeVersion({ node: '25.0.0', openssl: '3.5.6' })).to.equal('Node 25.0.0 with OpenSSL 3.5.6');
    for (const [node, openssl] of [['22.23.3', '3.5.6'], ['24.15.0', '3.5.5'], ['24.21.0', '3.0.15']] as const) expect(() => nodeVersion({ node, openssl }), node).to.throw(/no sound post-quantum/);
  });
});
