/** Policies that could never be met: known as such before anything is approved. */
import { expect } from 'chai';
import type { ConfigTree } from '../channel/config-tree.js';
import { NetworkError } from '../error.js';
import { applicationPolicy } from './endorsement-policy.js';
import { requireKnownPolicy } from './known-policy.js';

const group = (policies: readonly string[], groups: readonly (readonly [string, ConfigTree])[] = []): ConfigTree => ({
  version: 0,
  modPolicy: 'Admins',
  values: new Map(),
  policies: new Map(policies.map((name) => [name, { version: 0, modPolicy: 'Admins' }])),
  groups: new Map(groups),
});
const channel = group(['Readers'], [['Application', group(['Endorsement', 'Writers'], [['A', group(['Endorsement'])], ['B', group([])]])]]);

describe('a policy in its channel', () => {
  for (const text of ['/Channel/Application/Endorsement', '/Channel/Readers', '/Channel/Application/A/Endorsement', "OutOf(2, 'A.peer', 'B.peer')"]) {
    it(`knows ${text}`, () => {
      expect(() => {
        requireKnownPolicy(channel, applicationPolicy(text));
      }).not.to.throw();
    });
  }

  for (const text of ['/Channel/Application/Endorsment', '/Channel/Endorsement', '/Channel/Application/C/Endorsement', '/Application/Endorsement', '/', "OR('A.peer', AND('B.peer', 'C.peer'))"]) {
    it(`refuses ${text}`, () => {
      expect(() => {
        requireKnownPolicy(channel, applicationPolicy(text));
      }).to.throw(NetworkError).with.property('code', 'DEFINITION_INVALID');
    });
  }
});
