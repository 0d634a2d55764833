import { expect, test } from 'vitest';
import { planEdge } from './edge.ts';

test('an edge has its parameters complete, and none is none', () => {
  expect(planEdge('nginx', 'local', { sMaxAgeSec: 5, lock: false })).toEqual({
    id: 'nginx',
    parameters: { sMaxAgeSec: 5, staleWhileRevalidateSec: 10, maxAgeSec: 0, lock: false },
  });
  // In a comparison with and without, both are given the edge's parameters.
  expect(planEdge('none', 'local', { sMaxAgeSec: 5 })).toBeNull();
  expect(planEdge('none', 'external')).toBeNull();
});

test.each([
  ['ngnix', 'local', {}, "there is no edge 'ngnix'", 'nginx'],
  ['nginx', 'local', { smaxage: 5 }, 'smaxage', 'sMaxAgeSec'],
  ['none', 'local', { sMaxAgeSec: -1 }, 'sMaxAgeSec=-1', 's-maxage'],
  ['nginx', 'external', {}, '--env external starts no servers', '--edge none'],
] as const)('%s on %s with %j is refused', (id, environment, given, message, hint) => {
  const attempt = (): unknown => planEdge(id, environment, given);
  expect(attempt).toThrow(
    expect.objectContaining({
      exitCode: 2,
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    }),
  );
});
