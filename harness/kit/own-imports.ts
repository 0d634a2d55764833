/**
 * Lets a file of the user's own import `cachequake` and `zod`, wherever it lies: in a project that has the package, in
 * an empty folder from which `npx` was called, or beside a checkout that was never built. It then gets the very modules
 * that run, and not a second copy.
 */
import { registerHooks } from 'node:module';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { entryPoint, sourceRoot } from './package-root.ts';

const OURS = ['harness', 'targets', 'profiles'].map((folder) => join(sourceRoot, folder) + sep);
let isRegistered = false;

/** @param file absolute path of what is about to be imported; nothing is done for files of the package itself */
export function letImportPackage(file: string): void {
  if (isRegistered || OURS.some((folder) => file.startsWith(folder))) return;
  isRegistered = true;
  const entry = pathToFileURL(entryPoint('harness/index')).href;
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'cachequake') return { url: entry, shortCircuit: true };
      if (specifier !== 'zod') return next(specifier, context);
      try {
        return next(specifier, context);
      } catch {
        return next(specifier, { ...context, parentURL: import.meta.url });
      }
    },
  });
}
