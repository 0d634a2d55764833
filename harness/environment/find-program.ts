/** Finds a server program of the machine. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The folders of the PATH. */
export const pathFolders = (): string[] => (process.env.PATH ?? '').split(delimiter);

/** The first file of this name that may be run; null where there is none. */
export function findProgram(name: string, folders: readonly string[] = pathFolders()): string | null {
  for (const folder of folders) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      continue;
    }
  }
  return null;
}
