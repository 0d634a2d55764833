/** The published combination of XFetch and a lock, under the name it is looked for. */
import { defineStack } from '../../harness/contract/named-stack.ts';

export default defineStack({
  id: 'xfetch-lock',
  title: 'XFetch with a lock',
  for: 'keys that are dear to make and read often, in several instances',
  prose:
    'XFetch says when somebody recomputes early, the lock that it is only one: a reader that wins the draw and loses ' +
    'the lock serves the value it has. One load per expiry instead of e^(1/β), and nobody waits for a key that is ' +
    'read often. It needs no code of its own: freshness and coordination are two layers, and every lock serves what ' +
    'the reader has in hand. On a cold miss, an eviction or an invalidation there is nothing in hand: losers wait.',
  members: 'xfetch+lock-wait',
});
