/** The oldest Node that runs Cachequake, asked for before anything is loaded that an older one does not know. */

/** As in `engines` of the package. */
export const LEAST_NODE = '22.22';

/** What to say to an older Node; null where this one will do. */
export function nodeTooOld(version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = LEAST_NODE.split('.').map(Number);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return null;
  return (
    `error Cachequake needs Node ${LEAST_NODE} or later, and this is Node ${version}\n` +
    'hint  npm install --save-dev node@24 cachequake gives npx and npm scripts a newer one for this project alone\n'
  );
}
