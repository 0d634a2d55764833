/**
 * A service of the user's own as a target: the description of the config becomes commands, variables and requests.
 * Nothing is asked of the service but that it listens where it is told; cache and stampede defence are its own.
 */
import { isAbsolute, resolve } from 'node:path';
import { HarnessError } from '../../harness/contract/errors.ts';
import type { RequestTemplate } from '../../harness/contract/operation.ts';
import type { DataStep, OwnTarget } from '../../harness/contract/own-target.ts';
import type { RunPlan } from '../../harness/contract/plan.ts';
import {
  defineTarget,
  type InstanceSurroundings,
  type QueryRunner,
  type SeedSurroundings,
  type Target,
  type TargetCommand,
} from '../../harness/contract/target.ts';
import { runDataCommand, runSqlFile } from './data-step.ts';
import { fill, placeholderValues } from './placeholders.ts';

export interface OwnTargetOptions {
  /** Folder that `cwd` and the SQL files are relative to. */
  configFolder: string;
  /** The same service started in another way: another version of it, for the other side of a gate. */
  override?: {
    /** In place of the command, or of the image. */
    command?: readonly string[];
    /** In place of `cwd`; relative to `configFolder`. */
    cwd?: string;
    /** In place of the image's name, or of the command. */
    image?: string;
  };
}

/** Port inside the container where only the name of an image is given in place of a command. */
const DEFAULT_CONTAINER_PORT = 8080;

/**
 * @param own as `readOwnTarget` reads it from the config
 * @throws HarnessError BAD_CONFIG where a url is given another command, folder or image: nothing of it is started
 */
export function createOwnTarget(own: OwnTarget, options: OwnTargetOptions): Target {
  const { configFolder, override = {} } = options;
  if (own.url !== null && (override.command ?? override.cwd ?? override.image) !== undefined)
    throw new HarnessError(
      'BAD_CONFIG',
      `'${own.id}' is a service that runs already; it has no other version to start`,
      {
        hint: 'describe it by a command or an image',
      },
    );
  const cwd = resolve(configFolder, override.cwd ?? own.cwd);
  const prefix = own.url === null ? '' : new URL(own.url[0]!).pathname.replace(/\/+$/, '');
  const command = commandOf(own, override, cwd);
  const environment = (plan: RunPlan, around: InstanceSurroundings): Record<string, string> => {
    const values = placeholderValues(plan, around);
    return {
      ...(own.host && { [own.host.variable]: around.listenHost }),
      ...(own.port && { [own.port.variable]: String(around.listenPort) }),
      ...Object.fromEntries(Object.entries(own.environment).map(([name, text]) => [name, fill(text, values)])),
    };
  };
  const step = async (
    what: 'seed' | 'reset',
    given: DataStep | null,
    plan: RunPlan,
    sql: QueryRunner,
    around: SeedSurroundings,
  ): Promise<void> => {
    if (given === null) return;
    const direct: InstanceSurroundings = {
      index: 0,
      instances: around.instances,
      redisUrl: around.redisUrl ?? '',
      postgresUrl: around.postgresUrl ?? '',
      listenHost: '127.0.0.1',
      listenPort: 0,
    };
    const fillIn = (text: string): string => fill(text, placeholderValues(plan, direct));
    if ('sql' in given) return runSqlFile(resolve(configFolder, given.sql), fillIn, sql);
    await runDataCommand({
      argv: programOf(given.command.map(fillIn), cwd),
      cwd,
      environment: { ...inherited(['PATH', 'HOME', ...own.passEnvironment]), ...environment(plan, direct) },
      timeoutMs: given.timeoutSec * 1000,
      title: `${what} of ${own.title}`,
    });
  };
  return defineTarget({
    id: own.id,
    title: own.title,
    own: true,
    needs: own.needs,
    operations: Object.fromEntries(
      Object.entries(own.operations).map(([id, request]): [string, RequestTemplate] => [
        id,
        { ...request, path: prefix + request.path },
      ]),
    ),
    command,
    environment,
    passEnvironment: own.passEnvironment,
    readyPath: prefix + own.readiness.path,
    ready: { status: own.readiness.status, timeoutMs: own.readiness.timeoutSec * 1000 },
    seed: (plan, sql, around) => step('seed', own.seed, plan, sql, around),
    reset: (plan, sql, around) => step('reset', own.reset, plan, sql, around),
  });
}

function commandOf(own: OwnTarget, override: NonNullable<OwnTargetOptions['override']>, cwd: string): TargetCommand {
  if (own.url !== null) return { urls: own.url.map((text) => new URL(text).origin) };
  const image = override.image ?? (override.command === undefined ? own.image?.name : undefined);
  if (image !== undefined) {
    const given = own.image?.arguments ?? null;
    return {
      image,
      containerPort: own.image?.port ?? DEFAULT_CONTAINER_PORT,
      arguments: given && ((plan, around) => given.map((text) => fill(text, placeholderValues(plan, around)))),
    };
  }
  const words = override.command ?? own.command ?? [];
  return {
    argv: (plan, around) =>
      programOf(
        words.map((text) => fill(text, placeholderValues(plan, around))),
        cwd,
      ),
    cwd,
    listens: own.port === null ? 'says-where' : 'where-told',
    toldBy: own.port?.variable ?? '',
  };
}

/** A program with a path is looked for from its folder, one without in the PATH. */
function programOf(argv: readonly string[], cwd: string): string[] {
  const [file = '', ...args] = argv;
  return [file.includes('/') && !isAbsolute(file) ? resolve(cwd, file) : file, ...args];
}

function inherited(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
