import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { checked } from './validation.ts';

const params = z.object({ key: z.coerce.number().int().min(0) });
const querystring = z.object({ user: z.coerce.number().int().default(7) });
const body = z.object({ quantity: z.int().min(1).max(5).default(1), note: z.string().optional() });

const app = Fastify();
app.post('/items/:key', checked({ params, querystring, body }), (request, reply) => {
  reply.send({ params: request.params, query: request.query, body: request.body });
});

const send = (url: string, payload?: unknown) => {
  const headers = { 'content-type': 'application/json' };
  return app.inject({
    method: 'POST',
    url,
    ...(payload === undefined ? {} : { headers, payload: JSON.stringify(payload) }),
  });
};

test('numbers in a path are numbers, what is missing has its default, what is not asked for is left out', async () => {
  const answer = await send('/items/12', { note: 'a', more: 'b' });
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toEqual({ params: { key: 12 }, query: { user: 7 }, body: { quantity: 1, note: 'a' } });
});

test.each([
  ['/items/-1', {}, 'params.key'],
  ['/items/x', {}, 'params.key'],
  ['/items/1?user=some', {}, 'querystring.user'],
  ['/items/1', { quantity: 6 }, 'body.quantity'],
  ['/items/1', { quantity: '2' }, 'body.quantity'],
  ['/items/1', 'text', 'body'],
  ['/items/1', undefined, 'body'],
])('%s with %j is refused with 400 and says where: %s', async (url, payload, where) => {
  const answer = await send(url, payload);
  expect(answer.statusCode).toBe(400);
  expect(answer.json<{ message: string }>().message).toMatch(new RegExp(`^${where}: .`));
});
