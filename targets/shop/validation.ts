/** Requests are checked with zod, as everything else is. Fastify's own validator takes as long to load as the shop. */
import type { FastifySchema, FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';

type Parts = Partial<Record<'params' | 'querystring' | 'body', z.ZodType>>;

const zodValidator: FastifySchemaCompiler<FastifySchema> = ({ schema, httpPart = 'request' }) => {
  // Fastify hands over the schema of one part, though its type says that of all.
  const part = schema as z.ZodType;
  return (data: unknown) => {
    const parsed = part.safeParse(data);
    if (parsed.success) return { value: parsed.data };
    const problems = parsed.error.issues.map(({ path, message }) => `${[httpPart, ...path].join('.')}: ${message}`);
    return { error: new Error(problems.join('; ')) };
  };
};

/**
 * Options of a route whose parts are checked; what does not fit is answered with 400. They go with the route, so that
 * no app can register it unchecked.
 */
export function checked<S extends Parts>(schema: S): { schema: S; validatorCompiler: typeof zodValidator } {
  return { schema, validatorCompiler: zodValidator };
}
