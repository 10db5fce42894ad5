/** Which log lines of Fabric's library are formatted. */
import { expect } from 'chai';
import { Shim } from 'fabric-shim';
import { skipUnseenLines } from './quiet-log.js';

describe('log lines of the chaincode library', () => {
  it('are written from the level on and skipped below it', () => {
    const logger = Shim.newLogger('quiet-log.test') as unknown as { level: string; error: (text: string) => void; debug: (text: string) => void; push: (line: { message: string }) => boolean };
    const seen: string[] = [];
    // What is formatted is pushed to the console's transport.
    logger.push = ({ message }) => seen.push(message.trim()) > 0;
    logger.level = 'error';
    skipUnseenLines();
    logger.debug('unseen');
    logger.error('seen');
    expect(seen).to.deep.equal(['seen']);
  });
});
