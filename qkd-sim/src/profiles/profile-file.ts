/** A user's own profile: a YAML file that describes his device, whole or by what differs from a named profile. */
import { z } from 'zod';
import { readYaml } from '../yaml-file.js';
import { profileNames, profileOf } from './named.js';
import { type Profile, profileSchema } from './profile.js';

/** Whether the profile of a link is a file rather than a name. */
export const isProfileFile = (profile: string): boolean => /\.ya?ml$/.test(profile);

/** What a configuration says of a profile: a name, or the path of a file. */
export const profileReference = z.string().refine((profile) => profileNames.includes(profile) || isProfileFile(profile), {
  error: `must be one of ${profileNames.join(', ')}, or a file that ends with .yaml`,
});

/** Members of the document stand before those of the profile that it is `basedOn`. */
const withBase = z.record(z.string(), z.unknown(), 'must be a table of settings').transform((document, context): unknown => {
  const { basedOn, ...own } = document;
  if (profileNames.includes(String(own['name']))) context.addIssue({ code: 'custom', path: ['name'], message: 'is the name of a profile that is there already' });
  if (basedOn === undefined) return own;
  if (typeof basedOn === 'string' && profileNames.includes(basedOn)) return { ...profileOf(basedOn), name: undefined, ...own };
  context.addIssue({ code: 'custom', path: ['basedOn'], message: `must be one of ${profileNames.join(', ')}` });
  return own;
}).pipe(profileSchema);

/** Reads a profile from a file. @throws QkdError CONFIG naming every fault */
export const readProfile = (file: string): Profile => readYaml(file, withBase, 'See "Profiles" in docs/qkd.md.');
