/** The door of the chaincode: the list of its contracts. */
import { AccessContract } from './access-contract.js';
import { AnchorContract } from './anchor-contract.js';
import { ConsentContract } from './consent-contract.js';
import { DetailContract } from './detail-contract.js';
import { ParticipantContract } from './participant-contract.js';
import { ProposalContract } from './proposal-contract.js';
import { RoundContract } from './round-contract.js';
import { keepCertificates } from './kept.js';
import { hearOffers } from './peer-batches.js';
import { refuseClassicalTls } from './post-quantum.js';
import { skipUnseenLines } from './quiet-log.js';
import { SetupContract } from './setup-contract.js';
import { StudyContract } from './study-contract.js';
import { passTexts } from './text-parameters.js';

skipUnseenLines();
refuseClassicalTls();
passTexts();
keepCertificates();
hearOffers();

export const contracts = [ParticipantContract, StudyContract, ProposalContract, SetupContract, RoundContract, ConsentContract, AccessContract, DetailContract, AnchorContract];
