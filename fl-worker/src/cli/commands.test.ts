// One file is loaded for one command; together they are the whole command line.
import { expect } from 'chai';
import { Command } from 'commander';
import { addCommands, commandNames } from './commands.js';

const added = async (asked: string | undefined): Promise<string[]> => {
  const program = new Command();
  await addCommands(program, () => undefined, asked);
  return program.commands.map((command) => command.name());
};

describe('commands', function () {
  this.timeout(120_000); // the files of all commands, on a busy machine
  it('are in the file that their name leads to', async () => {
    for (const names of commandNames) for (const name of names) expect(await added(name), name).to.deep.equal(names);
  });

  it('are all there for help and for an unknown name', async () => {
    const all = commandNames.flat();
    expect(new Set(all).size).to.equal(all.length);
    for (const asked of [undefined, '--help', 'help', 'fly']) expect(await added(asked)).to.deep.equal(all);
  });
});
