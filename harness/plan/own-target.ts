/**
 * The section `target` of the config as a schema: a service of the user's own, described with a command, an image or a
 * URL and a mapping. Published, so that editors complete and check it; `own-target-read.ts` words what is wrong.
 */
import { z } from 'zod';
import { messageOf } from '../contract/errors.ts';
import { OPERATIONS } from '../contract/operation.ts';
import { type OwnTarget, PLACEHOLDERS } from '../contract/own-target.ts';
import { splitCommand } from '../kit/split-command.ts';

const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of an environment variable, for example PORT')
  .describe('name of an environment variable');

/** A list, or one string that is split like a shell would without variables. */
const command = z
  .union([z.string().min(1), z.array(z.string()).min(1)])
  .transform((given, context): [string, ...string[]] => {
    try {
      if (typeof given === 'string') return splitCommand(given);
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) });
    }
    return given as [string, ...string[]];
  });

const address = z.string().superRefine((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    context.addIssue({
      code: 'custom',
      message: `'${text}' is not the URL of a service, for example http://127.0.0.1:3000`,
    });
});

export const requestTemplate = z
  .strictObject({
    method: z.enum(['GET', 'POST', 'PUT', 'DELETE']).default('GET').describe('method of the request'),
    path: z
      .string()
      .startsWith('/', 'must begin with a slash')
      .describe(
        'path with {key} (a number from 0; {key+1} where yours begin with 1), {user} (a number) and {id} (unique in the run)',
      ),
    headers: z.record(z.string(), z.string()).exactOptional().describe('headers to send'),
    body: z.string().exactOptional().describe('body to send, with the same placeholders; JSON where no type is given'),
    identity: z
      .string()
      .exactOptional()
      .describe(
        'text that a successful body must contain, for example "id":{key}: proves that it is the item asked for',
      ),
    rejectedStatuses: z
      .array(z.int().min(100).max(599))
      .exactOptional()
      .describe('statuses that are a refusal and no error, for example 409 for sold out'),
    absentStatuses: z
      .array(z.int().min(100).max(599))
      .exactOptional()
      .describe('statuses that say that the item is not there, for example 404'),
    recordWrites: z.boolean().exactOptional().describe('keep every send with its outcome, for checks of lost writes'),
  })
  .describe('how the operation becomes a request');

const dataStep = z
  .union([
    z.string().min(1).describe('path of a file with SQL, relative to the config'),
    z.strictObject({ sql: z.string().min(1).describe('path of a file with SQL, relative to the config') }),
    z.strictObject({
      command: command.describe('program with arguments, started in cwd with the variables of `environment`'),
      timeoutSec: z.int().min(1).max(150).default(120).describe('how long it may take, s'),
    }),
  ])
  .transform((given) => (typeof given === 'string' ? { sql: given } : given));

export const ownTargetFields = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/, 'must be lower case with hyphens, for example my-api')
    .default('own')
    .describe('short name in results'),
  title: z.string().min(1).nullable().default(null).describe('name in reports; the id where not given'),
  command: command
    .nullable()
    .default(null)
    .describe('program with arguments, as a list or as one text that is split like in a shell; run without a shell'),
  image: z
    .union([
      z.string().min(1),
      z.strictObject({
        name: z.string().min(1).describe('image with tag'),
        port: z.int().min(1).max(65_535).default(8080).describe('port that it listens on inside the container'),
        arguments: z.array(z.string()).nullable().default(null).describe('in place of the image’s own arguments'),
      }),
    ])
    .transform((given) => (typeof given === 'string' ? { name: given, port: 8080, arguments: null } : given))
    .nullable()
    .default(null)
    .describe('container image instead of a command; needs the docker environment'),
  url: z
    .union([address, z.array(address).min(1)])
    .transform((given) => (typeof given === 'string' ? [given] : given))
    .nullable()
    .default(null)
    .describe('base URL, or one for each instance, of a service that runs already; nothing is started or stopped'),
  cwd: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('folder of the command, relative to the config; its own where not given'),
  port: z
    .strictObject({ variable })
    .nullable()
    .default(null)
    .describe('variable that tells the service the port to listen on; PORT where not given'),
  readyLine: z
    .boolean()
    .default(false)
    .describe('the service chooses a port and prints {"cachequake":"ready","port":…} on a line of its own'),
  host: z.strictObject({ variable }).nullable().default(null).describe('variable that tells the address to listen on'),
  readiness: z
    .strictObject({
      path: z.string().startsWith('/', 'must begin with a slash').default('/').describe('asked until it answers'),
      timeoutSec: z.number().positive().max(600).default(30).describe('how long a start may take, s'),
      status: z
        .int()
        .min(100)
        .max(599)
        .nullable()
        .default(null)
        .describe('status that says ready; any 2xx where not given'),
    })
    .prefault({})
    .describe('when an instance is ready'),
  environment: z
    .record(variable, z.union([z.string(), z.number(), z.boolean()]).transform(String))
    .default({})
    .describe(
      `variables of the service; in their texts ${Object.keys(PLACEHOLDERS)
        .map((p) => `{${p}}`)
        .join(' ')} are replaced`,
    ),
  passEnvironment: z
    .array(variable)
    .default([])
    .describe('variables handed through from your own environment; PATH and HOME always are'),
  needs: z
    .array(z.enum(['redis', 'postgres']))
    .nullable()
    .default(null)
    .describe('servers to start, break and watch for it; both for a command or an image, none for a url'),
  operations: z
    .partialRecord(z.enum(OPERATIONS), requestTemplate)
    .describe('what traffic does, and the request that does it; most profiles need read-item'),
  seed: dataStep
    .nullable()
    .default(null)
    .describe('fills the database before each run: SQL on the direct connection, or a command; must be repeatable'),
  reset: dataStep.nullable().default(null).describe('after the seed, before each run'),
});

type Fields = z.output<typeof ownTargetFields>;

/** The section as it is written, checked, with its defaults filled in. */
export const ownTargetSchema = ownTargetFields.superRefine(refuseContradictions).transform(complete);

function refuseContradictions(given: Fields, context: z.RefinementCtx): void {
  // What is wrong by itself has been said, and nothing can be told of it.
  if (context.issues.length > 0) return;
  const problem = (path: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [path], message, input: given });
  const ways = (['command', 'image', 'url'] as const).filter((way) => given[way] !== null);
  if (ways.length !== 1)
    problem(
      ways[1] ?? 'command',
      ways.length === 0
        ? 'one of command, image and url must say what is measured'
        : `${ways.join(' and ')} exclude each other: say one`,
    );
  const onlyWith = (way: 'command' | 'url', names: readonly (keyof Fields)[]): void => {
    for (const name of names) {
      const value = given[name];
      if (given[way] === null && value !== null && value !== false)
        problem(name, `goes with a ${way}, not with ${ways[0] === 'image' ? 'an image' : `a ${ways[0] ?? ''}`}`);
    }
  };
  if (ways.length === 1) onlyWith('command', ['cwd', 'readyLine']);
  if (given.readyLine && given.port)
    problem('port', 'goes without readyLine: the service either is told its port or tells it');
  if (given.url !== null) {
    if (given.needs !== null && given.needs.length > 0)
      problem(
        'needs',
        'a service that runs already has its own servers; describe it by a command, with --env external where they are there',
      );
    for (const name of ['seed', 'reset'] as const)
      if (given[name] !== null && 'sql' in given[name])
        problem(name, 'SQL needs a Postgres of ours, which a url has not; a command would do');
    const paths = new Set(given.url.map((text) => new URL(text).pathname.replace(/\/+$/, '')));
    if (paths.size > 1) problem('url', 'all URLs must have the same path: they are instances of one service');
    if (given.url.some((text) => new URL(text).search !== '' || new URL(text).hash !== ''))
      problem('url', 'a base URL has no query; put it into the paths of the operations');
  }
  if (Object.keys(given.operations).length === 0)
    problem('operations', "must map at least one operation, for example 'read-item': { path: '/items/{key}' }");
}

function complete(given: Fields): OwnTarget {
  const { readyLine, ...rest } = given;
  return {
    ...rest,
    title: given.title ?? given.id,
    cwd: given.cwd ?? '.',
    port: readyLine || given.url !== null ? null : (given.port ?? { variable: 'PORT' }),
    needs: given.needs ?? (given.url === null ? ['redis', 'postgres'] : []),
  };
}
