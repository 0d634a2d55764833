/**
 * What a started process inherits: what a program needs to run and nothing else, so that a setting in somebody's
 * shell (NODE_OPTIONS, PGHOST, a proxy) does not shape a result, and services see the same here as in a container.
 */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ', 'USER', 'LD_LIBRARY_PATH', 'NODE_COMPILE_CACHE'];

export function bareEnvironment(more: Record<string, string> = {}): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of INHERITED) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return { ...environment, ...more };
}
