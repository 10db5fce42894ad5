/** Policy texts: the bytes that Fabric's own parser makes of them, and what is refused. */
import { expect } from 'chai';
import { NetworkError } from '../error.js';
import { applicationPolicy, applicationPolicyText, signaturePolicy, signaturePolicyText } from './endorsement-policy.js';

// Made by common/policydsl of Fabric 3.1.1 from the same texts.
const references: readonly (readonly [text: string, hex: string])[] = [
  ["OutOf(2,'Org1MSP.peer','Org2MSP.peer')", '120c120a080212020800120208011a0d120b0a074f7267314d535010031a0d120b0a074f7267324d53501003'],
  ["OutOf('2', 'A.peer','B.peer')", '120c120a080212020800120208011a0712050a014110031a0712050a01421003'],
  [
    "OR('Org1MSP.member', AND('Org2MSP.admin', 'Org3-x.y.client'), 'Org4MSP.orderer')",
    '121a1218080112020802120c120a08021202080012020801120208031a0d120b0a074f7267324d535010011a0e120c0a084f7267332d782e7910021a0b12090a074f7267314d53501a0d120b0a074f7267344d53501004',
  ],
  ['AND("A.peer", outof(1, \'B.peer\', \'A.peer\'))', '12161214080212020802120c120a080112020800120208011a0712050a014210031a0712050a014110031a0712050a01411003'],
  ["And('A.peer','B.peer')", '120c120a080212020800120208011a0712050a014110031a0712050a01421003'],
  [
    "AND(OR('A.peer','B.peer'),OR('C.peer','D.peer'))",
    '1220121e0802120c120a08011202080012020801120c120a080112020802120208031a0712050a014110031a0712050a014210031a0712050a014310031a0712050a01441003',
  ],
  ["OR('A.peer')", '120812060801120208001a0712050a01411003'],
];

describe('endorsement policy', () => {
  for (const [text, hex] of references) {
    it(`${text} is the same bytes as Fabric's`, () => {
      expect(Buffer.from(signaturePolicy(text).serializeBinary()).toString('hex')).to.equal(hex);
    });
  }

  it('can be read again as text', () => {
    expect(signaturePolicyText(signaturePolicy("OR('A.peer', AND('B-1.x.admin','C.member'))"))).to.equal("OutOf(1, 'A.peer', OutOf(2, 'B-1.x.admin', 'C.member'))");
    expect(applicationPolicyText(applicationPolicy('/Channel/Application/Endorsement'))).to.equal('/Channel/Application/Endorsement');
  });

  for (const text of ['', 'OR()', 'OutOf(1)', "OutOf(3,'A.peer','B.peer')", "OutOf(0,'A.peer')", "OR('A.boss')", "OR('A')", 'OR(A.peer)', "OR('A.peer'", "OR('A.peer'))", "OR('A.peer',)", "NOT('A.peer')", "OR('A.peer') x", "OR('A.peer\")", 'A.peer', "OR('A.peer');"]) {
    it(`refuses ${text || 'an empty text'}`, () => {
      expect(() => signaturePolicy(text)).to.throw(NetworkError).with.property('code', 'DEFINITION_INVALID');
    });
  }
});
