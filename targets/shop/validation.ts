/** Requests are checked with zod, as everything else is. Fastify's own validator takes as long to load as the shop. */
import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';

/** The validator compiler for an app whose route schemas are zod's. What does not fit is answered with 400. */
export const zodValidator: FastifySchemaCompiler<z.ZodType> =
  ({ schema, httpPart = 'request' }) =>
  (data) => {
    const parsed = schema.safeParse(data);
    if (parsed.success) return { value: parsed.data };
    const problems = parsed.error.issues.map(({ path, message }) => `${[httpPart, ...path].join('.')}: ${message}`);
    return { error: new Error(problems.join('; ')) };
  };
