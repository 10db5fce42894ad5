/** The version of Go that built a program, from the build information inside it (Go, debug/buildinfo: the format since Go 1.18). */

const magic = Buffer.from('\xff Go buildinf:', 'latin1');
const headerBytes = 32;
// Bit 1 of the flags: the version follows the header, its length first.
const inlineFlag = 2;

/** The version such as `1.26.5`; undefined for a program that is not Go's or is older than 1.18. */
export function goVersion(program: Buffer): string | undefined {
  // The linker puts the information at a multiple of 16; elsewhere the same bytes are somebody's constant.
  for (let at = program.indexOf(magic); at !== -1; at = program.indexOf(magic, at + 1)) {
    if (at % 16 !== 0 || ((program[at + 15] ?? 0) & inlineFlag) === 0) continue;
    // A length under 128 is one byte, and a version is never longer.
    const length = program[at + headerBytes] ?? 0;
    const version = program.toString('utf8', at + headerBytes + 1, at + headerBytes + 1 + length);
    const found = /^go(\d+\.\d+[^\s]*)/.exec(version)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether the program's main module keeps Go's older key exchange although a newer Go built it (`go` line of its go.mod below 1.24; go.dev/doc/godebug). */
export function isKeptClassical(program: Buffer): boolean {
  for (let at = program.indexOf('DefaultGODEBUG='); at !== -1; at = program.indexOf('DefaultGODEBUG=', at + 1)) {
    const line = program.toString('latin1', at, at + 1024).split('\n', 1)[0] ?? '';
    if (line.includes('tlsmlkem=0')) return true;
  }
  return false;
}
