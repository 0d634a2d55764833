/** `cachequake new`: a file to begin with, commented and working as it is. */
import { existsSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { HarnessError, messageOf } from '../../contract/errors.ts';
import { unknownName } from '../../kit/suggest.ts';
import { loadCatalogue } from '../catalogue.ts';
import { configJson, configTemplate } from '../templates/config.ts';
import { defenceTemplate } from '../templates/defence.ts';
import { faultTemplate } from '../templates/fault.ts';
import { profileTemplate } from '../templates/profile.ts';
import { targetTemplate } from '../templates/target.ts';

type Catalogue = Awaited<ReturnType<typeof loadCatalogue>>;

interface Kind {
  template(id: string): string;
  /** Ids that are taken. */
  taken(catalogue: Catalogue): Iterable<string>;
  /** What to type next. */
  next(file: string): string;
}

const KINDS: Readonly<Record<string, Kind>> = {
  defence: {
    template: defenceTemplate,
    taken: ({ defences, stacks }) => [...defences.keys(), ...stacks.keys()],
    next: (file) => `cachequake compare mass-expiry --defence cache-aside,${file}`,
  },
  profile: {
    template: profileTemplate,
    taken: ({ profiles }) => profiles.keys(),
    next: (file) => `cachequake run ${file}`,
  },
  fault: {
    template: faultTemplate,
    taken: ({ faults }) => faults.keys(),
    next: (file) => `cachequake run hot-key --fault ${file}@3s`,
  },
  target: {
    template: targetTemplate,
    taken: () => ['shop', 'own'],
    next: (file) => `cachequake plan hot-key --target ${file}`,
  },
};
const CONFIG_FILE = 'cachequake.config';

export function addNewVerb(program: Command): void {
  program
    .command('new')
    .summary('write a file to begin with: a config, or a defence, profile, fault or target of your own')
    .argument('<kind>', ['config', ...Object.keys(KINDS)].join(', '))
    .argument('[name]', 'name of the defence, profile, fault or target; file of the config')
    .option('--json', 'the config as JSON')
    .option('--force', 'overwrite what is there')
    .addHelpText(
      'after',
      `
Examples:
  cachequake new config
  cachequake new config --json ci/cachequake.config.json
  cachequake new defence my-lock`,
    )
    .action(async (kind: string, name: string | undefined, flags: { json?: boolean; force?: boolean }) => {
      if (kind === 'config') return writeConfig(name, flags);
      const found = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
      if (!found) throw unknownName('kind', kind, ['config', ...Object.keys(KINDS)]);
      if (flags.json) throw new HarnessError('USAGE', `--json goes with \`new config\`; a ${kind} is code`);
      const id = idOf(kind, name);
      const taken = [...found.taken(await loadCatalogue())];
      if (taken.includes(id))
        throw new HarnessError('USAGE', `the name '${id}' is taken: Cachequake has a ${kind} of its own with it`, {
          hint: `choose another, for example my-${id}`,
        });
      const file = `./${id}.ts`;
      write(resolve(file), found.template(id), flags.force ?? false);
      process.stdout.write(`${file} is written. Next:\n  ${found.next(file)}\n`);
    });
}

function writeConfig(name: string | undefined, flags: { json?: boolean; force?: boolean }): void {
  const isJson = flags.json ?? (name !== undefined && extname(name) === '.json');
  const file = name ?? `${CONFIG_FILE}.${isJson ? 'json' : 'ts'}`;
  const extension = extname(file);
  if (!(isJson ? ['.json'] : ['.ts', '.js', '.mts', '.mjs']).includes(extension))
    throw new HarnessError('USAGE', `'${file}' is no name for a config${isJson ? ' in JSON' : ''}`, {
      hint: `for example ${CONFIG_FILE}.${isJson ? 'json' : 'ts'}`,
    });
  const path = resolve(file);
  // The other forms would be found first, or this one before them.
  const beside = ['ts', 'js', 'json'].map((each) => `${CONFIG_FILE}.${each}`);
  const rival = beside.includes(basename(path))
    ? beside.find((each) => each !== basename(path) && existsSync(join(dirname(path), each)))
    : undefined;
  if (rival !== undefined)
    throw new HarnessError('USAGE', `there is a ${rival} here already, and only one of the two would be read`, {
      hint: 'remove it first, or name another file and give it with --config',
    });
  write(path, isJson ? configJson() : configTemplate(), flags.force ?? false);
  process.stdout.write(
    `${file} is written. Say in it how your service is started, then:\n  cachequake plan hot-key${
      beside.includes(file) ? '' : ` --config ${file}`
    }\n`,
  );
}

function idOf(kind: string, name: string | undefined): string {
  if (name === undefined)
    throw new HarnessError('USAGE', `the ${kind} needs a name`, { hint: `cachequake new ${kind} my-${kind}` });
  const id = name.replace(/\.ts$/, '');
  if (/^[a-z][a-z0-9-]{0,60}$/.test(id)) return id;
  throw new HarnessError('USAGE', `'${name}' is no name for a ${kind}`, {
    hint: `lower case with dashes, without a folder: cachequake new ${kind} my-${kind}`,
  });
}

function write(path: string, text: string, force: boolean): void {
  try {
    writeFileSync(path, text, { flag: force ? 'w' : 'wx' });
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw new HarnessError(
      exists ? 'USAGE' : 'OUTPUT_FAILED',
      exists ? `${path} is there already` : `${path} cannot be written: ${messageOf(cause)}`,
      exists ? { hint: '--force overwrites it' } : { cause },
    );
  }
}
