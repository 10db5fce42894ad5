/** Lets Fabric's library skip log lines below its level before they are formatted: it writes several a message. */
import { Shim } from 'fabric-shim';

/** What the library's loggers (winston) share: all lines pass `write`, and the level is asked only after formatting. */
interface LoggerPrototype {
  isLevelEnabled(level: string): boolean;
  write: (this: LoggerPrototype, line: { readonly level: string }, ...rest: unknown[]) => boolean;
}

/** The prototype that all loggers of the library have in common, by the method that it alone defines. */
function loggerPrototype(): LoggerPrototype | undefined {
  let at: unknown = Shim.newLogger('epione');
  while (typeof at === 'object' && at !== null && !Object.hasOwn(at, 'isLevelEnabled')) at = Object.getPrototypeOf(at);
  return (at ?? undefined) as LoggerPrototype | undefined;
}

/** Formatting lines that nobody will see was a third of the dispatch of a transaction. A library of another make is left as it is. */
export function skipUnseenLines(): void {
  const prototype = loggerPrototype();
  if (prototype === undefined) return;
  const { write } = prototype;
  prototype.write = function (line, ...rest) {
    return this.isLevelEnabled(line.level) ? write.call(this, line, ...rest) : true;
  };
}
