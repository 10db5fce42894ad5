// Study files: the shipped one becomes a valid study, a faulty one is refused with all its faults.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { readStudyTemplate, studyFrom } from './study-template.js';

const yaml = readFileSync(new URL('../../data/wdbc/study.yaml', import.meta.url), 'utf8');
const place = { channel: 'epione', genesis: `sha256:${'0'.repeat(64)}` as const, chaincode: 'epione', participants: ['HospitalC', 'HospitalA', 'HospitalB'], aggregators: ['Regulator', 'HospitalA', 'HospitalB', 'HospitalC'], observers: [] };

describe('study file', () => {
  it('becomes a study with sorted members, model sizes and quorums', () => {
    const study = studyFrom(readStudyTemplate(yaml), place);
    expect(study.participants).to.deep.equal(['HospitalA', 'HospitalB', 'HospitalC']);
    expect(study.model.dimension).to.equal(31);
    expect(study.model.tensors.map((tensor) => tensor.shape)).to.deep.equal([[30, 1], [1]]);
    expect(study.quorums, 'a masked sum is of three at least').to.deep.equal({ approve: 3, submit: 3, attest: 3 });
    expect(studyFrom({ ...readStudyTemplate(yaml), aggregation: { mode: 'visible', rule: 'mean' } }, place).quorums).to.deep.equal({ approve: 3, submit: 2, attest: 3 });
  });

  it('is refused with all faults, unknown members too', () => {
    const broken = yaml.replace('learningRate: "0.1"', 'learningRate: 0.1, momentum: "0.9"').replace('kind: logistic', 'kind: forest');
    expect(() => readStudyTemplate(broken)).to.throw().with.property('message').that.matches(/model\.kind/).and.matches(/learningRate/).and.matches(/momentum/);
    expect(() => readStudyTemplate('a: [')).to.throw().with.property('code', 'STUDY_INVALID');
  });
});
