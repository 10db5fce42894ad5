/** Announcements travel in one typed envelope a transaction. */
import { expect } from 'chai';
import { announcement, announcementEnvelope, readAnnouncements, type Announcement } from './announcement.js';
import { encodeCanonical, type Json } from '../encoding/canonical-json.js';
import { CodedError } from '../error.js';

const study = `sha256:${'1'.repeat(64)}` as const;
const two: Announcement[] = [{ event: 'submitted', study, round: 1, participant: 'HospitalA' }, { event: 'consentWithdrawn', mspId: 'HospitalA' }];

describe('announcements', () => {
  it('read back what was put in, in order', () => {
    expect(readAnnouncements(encodeCanonical(announcementEnvelope(two)))).to.deep.equal(two);
  });

  it('refuse what is not one of the closed list, naming the field', () => {
    const bad: Json[] = [
      { version: 2, announcements: two as Json[] }, { version: 1, announcements: [] },
      { version: 1, announcements: [{ event: 'invented' }] }, { version: 1, announcements: [{ event: 'submitted', study, round: 0, participant: 'HospitalA' }] },
    ];
    for (const envelope of bad) expect(() => readAnnouncements(encodeCanonical(envelope))).to.throw(CodedError).with.property('code', 'BAD_FIELD');
  });

  it('are named differently', () => {
    const names = announcement.options.map((option) => [...option.shape.event.values][0]);
    expect(new Set(names).size).to.equal(names.length);
  });
});
