/**
 * One error class and one table of codes for the whole harness, so that every failure says what went wrong, where,
 * and how to mend it, and always leaves with the same exit code.
 */

/** Exit codes of the command line. 99 follows k6, so that a failed threshold is never taken for a crash. */
export const EXIT = {
  pass: 0,
  internal: 1,
  usage: 2,
  environment: 3,
  undecided: 4,
  failed: 99,
  interrupted: 130,
} as const;

/** Every error code with the exit code it leads to. */
export const ERROR_CODES = {
  INTERNAL: EXIT.internal,
  USAGE: EXIT.usage,
  UNKNOWN_NAME: EXIT.usage,
  BAD_PARAMETER: EXIT.usage,
  BAD_CONFIG: EXIT.usage,
  BAD_MODULE: EXIT.usage,
  BAD_PLAN: EXIT.usage,
  BAD_RESULT: EXIT.usage,
  NEWER_SCHEMA: EXIT.usage,
  REFUSED_DESTRUCTIVE: EXIT.usage,
  BAD_BASELINE: EXIT.usage,
  SAME_SIDES: EXIT.usage,
  BUILD_FAILED: EXIT.environment,
  OUTPUT_FAILED: EXIT.environment,
  ENVIRONMENT_UNAVAILABLE: EXIT.environment,
  ENGINE_MISSING: EXIT.environment,
  IMAGE_MISSING: EXIT.environment,
  REDIS_MISSING: EXIT.environment,
  REDIS_FAILED: EXIT.environment,
  MEMCACHED_MISSING: EXIT.environment,
  MEMCACHED_FAILED: EXIT.environment,
  NGINX_MISSING: EXIT.environment,
  NGINX_FAILED: EXIT.environment,
  POSTGRES_FAILED: EXIT.environment,
  PROXY_FAILED: EXIT.environment,
  PORT_TAKEN: EXIT.environment,
  SERVICE_FAILED: EXIT.environment,
  GENERATOR_FAILED: EXIT.internal,
  FAULT_FAILED: EXIT.environment,
  DEADLINE: EXIT.undecided,
  UNDECIDED: EXIT.undecided,
  SHED: EXIT.undecided,
  INTERRUPTED: EXIT.interrupted,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** How a {@link HarnessError} is made: what happened, how to mend it, and what caused it. */
export interface HarnessErrorInit {
  /** How the person can mend it: a command, a flag, a place to look. */
  hint?: string | undefined;
  /** What led to it. */
  cause?: unknown;
}

/**
 * The only error that the harness throws on purpose.
 *
 * @example throw new HarnessError('PORT_TAKEN', 'port 8474 is taken', { hint: 'choose another with --port' });
 */
export class HarnessError extends Error {
  override readonly name = 'HarnessError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, init: HarnessErrorInit = {}) {
    super(message, init.cause === undefined ? {} : { cause: init.cause });
    this.code = code;
    this.hint = init.hint;
  }

  get exitCode(): number {
    return ERROR_CODES[this.code];
  }
}

/** The message of anything thrown, for texts that people read. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
