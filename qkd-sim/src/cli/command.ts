/** How each command of qkd-sim is declared, and how it prints. */
import { type Command, InvalidArgumentError } from 'commander';

/** Prints a line for people on stdout. */
export const print = (text: string): void => { process.stdout.write(`${text}\n`); };
/** Prints a result as one JSON document. */
export const printJson = (value: unknown): void => { print(JSON.stringify(value)); };

/** Reads an option that is a share, 0 to 1. */
export const fraction = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('It must be a number from 0 to 1.');
  return value;
};

/** Reads an option that is a loss. */
export const decibels = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0)) throw new InvalidArgumentError('It must be a number of dB, 0 or more.');
  return value;
};

/** A command whose help starts with an example. */
export const command = (program: Command, name: string, description: string, example: string): Command =>
  program.command(name).description(description).addHelpText('before', `Example: ${example}\n`).exitOverride();
