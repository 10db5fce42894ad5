/** CPU time of one call, which other processes of the machine disturb less than the clock on the wall. */

/** Milliseconds of CPU time for each of `count` calls, after a tenth as many that are not counted. */
export function millisecondsEach(count: number, call: () => void): number {
  for (let warm = 0; warm < count / 10; warm++) call();
  const before = process.cpuUsage();
  for (let at = 0; at < count; at++) call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / count;
}
