/** The profiles that have a name. */
import { entangledMetro } from './entangled-metro.js';
import { gys, lim2014, micius } from './literature.js';
import { metro, metroShort, metroSlow } from './metro.js';
import type { Profile } from './profile.js';

const profiles: ReadonlyMap<string, Profile> = new Map<string, Profile>([metro, metroShort, metroSlow, gys, lim2014, micius, entangledMetro].map((profile) => [profile.name, profile]));

/** The names of all profiles. */
export const profileNames: readonly string[] = [...profiles.keys()];

/** The profile of a name. @throws RangeError when there is none */
export const profileOf = (name: string): Profile => {
  const profile = profiles.get(name);
  if (profile === undefined) throw new RangeError(`no profile ${name}`);
  return profile;
};
