// CSV and data set: what fits becomes vectors by the study's scaling, what does not is named cell by cell.
import { expect } from 'chai';
import type { Feature } from '@epione/protocol';
import { WorkerError } from '../error.js';
import { readCsv, writeCsv } from './csv.js';
import { selectRows, toDataset } from './dataset.js';

const number = (name: string, missing: Feature['missing'] = 'reject'): Feature => ({ name, kind: 'number', shift: '10', factor: '0.5', missing });
const label: Feature = { name: 'diagnosis', kind: 'number', missing: 'reject' };
const study = { features: [number('age'), number('bmi', 'mean'), { name: 'sex', kind: 'category', categories: ['f', 'm'], missing: 'zero' } as Feature], label };

function fault(run: () => unknown): WorkerError {
  try {
    run();
  } catch (error) {
    if (error instanceof WorkerError) return error;
    throw error;
  }
  throw new Error('no fault was reported');
}

describe('data set', () => {
  it('scales by the study, fills by the rule and spreads categories', () => {
    const data = toDataset(readCsv('\ufeffid,age,bmi,sex,diagnosis,note\na,12,20,f,1,x\nb,10,,m,0,"y, z"\nc,8,30,,0,\n'), study, 'id');
    expect(data.rows).to.equal(3);
    expect([...data.features]).to.deep.equal([1, 5, 1, 0, 0, 7.5, 0, 1, -1, 10, 0, 0]);
    expect([...data.labels]).to.deep.equal([1, 0, 0]);
    expect(data.ids).to.deep.equal(['a', 'b', 'c']);
    expect(selectRows(data, [2, 0]).ids).to.deep.equal(['c', 'a']);
    expect([...selectRows(data, [2, 0]).features]).to.deep.equal([-1, 10, 0, 0, 1, 5, 1, 0]);
  });

  it('reads a label of more than two categories as their indices', () => {
    const grade: Feature = { name: 'grade', kind: 'category', categories: ['low', 'middle', 'high'], missing: 'reject' };
    const read = (text: string): number[] => [...toDataset(readCsv(text), { features: [number('age')], label: grade }).labels];
    expect(read('age,grade\n1,high\n2,low\n3,middle\n')).to.deep.equal([2, 0, 1]);
    expect(fault(() => read('age,grade\n1,none\n2,\n')).message).to.include('line 2, column grade: unknown category; line 3, column grade: unknown category');
  });

  it('reports every fault together, by line and column, and never a value', () => {
    const error = fault(() => toDataset(readCsv('age,sex,diagnosis\nsecret,f,1\n,x,0\n5,m,2\n'), study));
    expect(error.code).to.equal('DATA_INVALID');
    expect(error.message).to.equal(
      'the data do not fit the study: line 2, column age: not a number; line 3, column age: empty cell; column bmi: missing column; line 3, column sex: unknown category; line 4, column diagnosis: not 0 or 1',
    );
    expect(error.message).not.to.contain('secret');
    expect(error.remedy).to.be.a('string');
  });

  it('reads a time and whether its event was seen, where the study names one', () => {
    const event: Feature = { name: 'died', kind: 'category', categories: ['no', 'yes'], missing: 'reject' };
    const survival = { features: [number('age')], label: { ...label, name: 'days' }, event };
    const data = toDataset(readCsv('age,days,died\n12,30.5,yes\n10,7,no\n'), survival);
    expect([[...data.labels], [...data.events!]]).to.deep.equal([[30.5, 7], [1, 0]]);
    expect([...selectRows(data, [1]).events!]).to.deep.equal([0]);
    const { message } = fault(() => toDataset(readCsv('age,days,died\n12,0,yes\n10,,maybe\n'), survival));
    for (const part of ['line 2, column days: not above 0', 'line 3, column days: not above 0', 'line 3, column died: not 0 or 1']) expect(message).to.include(part);
  });

  it('refuses numbers that only look like numbers', () => {
    for (const cell of ['1e999', 'NaN', 'Infinity', '0x10', '1,5', '1 2', '12abc']) {
      expect(fault(() => toDataset(readCsv(`age,diagnosis\n"${cell}",1\n`), { features: [number('age')], label })).message, cell).to.contain('column age: not a number');
    }
  });

  it('refuses IDs that are empty or used twice', () => {
    const error = fault(() => toDataset(readCsv('id,age,diagnosis\na,1,1\na,2,0\n,3,0\n'), { features: [number('age')], label }, 'id'));
    expect(error.message).to.contain('line 3, column id: used twice').and.to.contain('line 4, column id: empty cell');
  });

  it('refuses files that are no table', () => {
    expect(fault(() => readCsv('')).message).to.contain('no data lines');
    expect(fault(() => readCsv('a,b\n')).message).to.contain('no data lines');
    expect(fault(() => readCsv('a,b\n1\n')).code).to.equal('DATA_INVALID');
    expect(fault(() => readCsv('a,b\n"1,2\n')).code).to.equal('DATA_INVALID');
    expect(fault(() => readCsv('a,a\n1,2\n')).message).to.contain('twice: a');
  });

  it('writes what it reads', () => {
    const table = readCsv('id,"text, quoted"\n1,"say ""hi"""\n2,plain\n');
    expect(readCsv(writeCsv(table)).records.map((record) => record.cells)).to.deep.equal(table.records.map((record) => record.cells));
  });
});
