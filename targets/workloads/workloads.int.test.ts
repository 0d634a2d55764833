import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { burst, useWorkloadBench } from './_bench.ts';
import blog from './blog.ts';
import celebrity from './celebrity.ts';
import counters from './counters.ts';
import feed from './feed.ts';
import productParts from './product-parts.ts';
import sessions from './sessions.ts';
import sortedPages from './sorted-pages.ts';
import tokenRenewal from './token-renewal.ts';

const { start } = useWorkloadBench();

/** Asks until it holds; a test that waits for ever fails by its own time limit. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(20);
}

describe('counters', () => {
  test.each(['database', 'increment'])('%s: 400 views at two instances add up to 400', async (strategy) => {
    const running = await start(counters, { strategy, moveEveryMs: 20 });
    await Promise.all([burst(running, 250, 'count', 1), burst(running, 150, 'count', 2)]);
    await until(async () => ((await running.services[0]!.pending?.()) ?? 0) === 0);
    expect(await running.audit()).toEqual({ 'counters.total': 400 });
  });

  test('a batch that was taken by an instance that died is moved by another, once', async () => {
    const running = await start(counters, { strategy: 'increment', moveEveryMs: 60_000 });
    await burst(running, 30, 'count');
    await running.redis.rename('cachequake:counters', 'cachequake:counters:moving');
    await running.redis.hset('cachequake:counters:moving', 'batch', 'of-the-dead');
    await burst(running, 12, 'count');
    await running.close();
    const again = await running.audit().catch(() => null);
    expect(again).toEqual({ 'counters.total': 42 });
  });

  test('increment: what Redis loses before it is moved is lost', async () => {
    const running = await start(counters, { strategy: 'increment', moveEveryMs: 60_000 });
    await burst(running, 30, 'count');
    await running.redis.flushall();
    expect(await running.services[0]!.pending!()).toBe(0);
    expect(await running.audit()).toEqual({ 'counters.total': 0 });
  });
});

describe('sessions', () => {
  const click = (running: Awaited<ReturnType<typeof start>>, user: number) => running.ask('touch-session', user);

  test.each(['cache-only', 'write-through'])('%s: of many first clicks at once one signs in', async (strategy) => {
    const running = await start(sessions, { strategy });
    await burst(running, 40, 'touch-session', 7);
    expect(await running.audit()).toEqual({ 'sessions.signIns': 1, 'sessions.lost': 0 });
    expect(await click(running, 7)).toMatchObject({ status: 200, cache: 'hit' });
  });

  test.each([
    ['cache-only', 5],
    ['write-through', 0],
  ])('%s: a flush of the cache loses %i of 5 sessions', async (strategy, lost) => {
    const running = await start(sessions, { strategy });
    for (let user = 0; user < 5; user++) await click(running, user);
    await running.redis.flushall();
    for (let user = 0; user < 5; user++) await click(running, user);
    expect(await running.audit()).toEqual({ 'sessions.signIns': 5 + lost, 'sessions.lost': lost });
  });

  test('a session slides with every click, and ends without one', async () => {
    const running = await start(sessions, { strategy: 'write-through', idleMs: 1_500 });
    for (let i = 0; i < 4; i++) {
      await click(running, 1);
      await delay(600);
    }
    expect(await running.audit()).toMatchObject({ 'sessions.signIns': 1 });
    await delay(2_400);
    await click(running, 1);
    expect(await running.audit()).toEqual({ 'sessions.signIns': 2, 'sessions.lost': 0 });
  });
});

describe('token-renewal', () => {
  test.each([
    ['timestamp', 1],
    ['extended-lease', 1],
    ['naive', 30],
  ])('%s: 30 readers at once without a token renew it %i times', async (strategy, renewals) => {
    const running = await start(tokenRenewal, { strategy, lifeMs: 60_000, renewMs: 200 });
    const answers = await burst(running, 30, 'renew-token');
    expect((await running.audit())['tokens.renewals']).toBe(renewals);
    if (renewals === 1) expect(new Set(answers.map(({ version }) => version)).size).toBe(1);
  });

  test('timestamp: the one that renews early waits, the others go on with the old token', async () => {
    const running = await start(tokenRenewal, { strategy: 'timestamp', lifeMs: 60_000, renewMs: 300, renewAt: 1 });
    const [first] = await burst(running, 1, 'renew-token');
    const text = (await running.redis.get('cachequake:token:0'))!;
    await running.redis.set('cachequake:token:0', JSON.stringify({ ...JSON.parse(text), renewAtMs: 0 }), 'KEEPTTL');
    const answers = await burst(running, 20, 'renew-token');
    expect(answers.filter(({ cache }) => cache === 'early')).toHaveLength(1);
    expect(answers.filter(({ version }) => version === first!.version)).toHaveLength(19);
  });

  test('cron: the job renews before the end, and nobody else does', async () => {
    const running = await start(tokenRenewal, { strategy: 'cron', lifeMs: 500, renewMs: 0 });
    for (let i = 0; i < 40; i++) {
      await burst(running, 2, 'renew-token');
      await delay(50);
    }
    const { 'tokens.renewals': renewals } = await running.audit();
    // Once per 0.8 × 500 ms in at least 2 s, give or take what a busy machine does to a timer.
    expect(renewals).toBeGreaterThanOrEqual(3);
    expect(renewals).toBeLessThanOrEqual(40);
  });
});

describe('feed', () => {
  test('pushed, gathered and joined feeds are the same; a post costs a push for each follower', async () => {
    const seen: unknown[] = [];
    const commands: number[] = [];
    for (const strategy of ['on-write', 'on-read', 'database']) {
      const running = await start(feed, { strategy, users: 60, follows: 5, celebrityPercent: 50, length: 10 });
      const before = Number(/total_commands_processed:(\d+)/.exec(await running.redis.info('stats'))![1]);
      for (let i = 0; i < 12; i++) await running.ask('post', (i * 7) % 60, `post-${i}`);
      await running.ask('post', 0, 'post-celebrity');
      commands.push(Number(/total_commands_processed:(\d+)/.exec(await running.redis.info('stats'))![1]) - before);
      const feeds = await Promise.all(
        [1, 2, 3].map(async (user) => (await running.ask('read-feed', user)).body['posts']),
      );
      seen.push(feeds);
      expect(await running.audit()).toEqual({ 'feed.posts': 13 });
      await running.close();
    }
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
    expect((seen[0] as { author: number }[][]).every((posts) => posts.some(({ author }) => author === 0))).toBe(true);
    expect(commands[0]).toBeGreaterThan(3 * commands[1]!);
  });

  test('a feed and a timeline are bounded in length, newest first', async () => {
    const running = await start(feed, { users: 5, follows: 4, length: 3 });
    for (let i = 0; i < 6; i++) await running.ask('post', 0, `post-${i}`);
    const posts = (await running.ask('list-page', 0)).body['posts'] as { id: number }[];
    expect(posts.map(({ id }) => id)).toEqual([6, 5, 4]);
  });
});

describe('sorted-pages', () => {
  test('the job’s pages are the sorted pages, one period after a change; queried ones at once', async () => {
    const queried = await start(sortedPages, { strategy: 'query', items: 2_500, pageSize: 10 });
    const [before] = await burst(queried, 1, 'list-page', 3);
    await queried.ask('write-item', (before!.body['items'] as { id: number }[])[0]!.id);
    const [after] = await burst(queried, 1, 'list-page', 3);
    expect(after!.body).not.toEqual(before!.body);
    await queried.close();

    const kept = await start(sortedPages, { strategy: 'job', items: 2_500, pageSize: 10, everyMs: 100 });
    await until(async () => (await kept.ask('list-page', 3)).cache === 'hit');
    expect((await kept.ask('list-page', 3)).body).toEqual(before!.body);
    const changed = (before!.body['items'] as { id: number }[])[0]!.id;
    await kept.ask('write-item', changed);
    await until(async () => JSON.stringify((await kept.ask('list-page', 3)).body) === JSON.stringify(after!.body));
  });
});

describe('product-parts', () => {
  test('the whole page is loaded as often as its shortest part, the parts each in their own time', async () => {
    const loadsOf = async (strategy: string): Promise<string[]> => {
      // Price and whole page live 100 ms, reviews 300 ms, details 1.2 s.
      const running = await start(productParts, { strategy, timeScale: 3_000, loadMs: 0 });
      for (let i = 0; i < 10; i++) {
        await running.ask('read-item', 1);
        await delay(130);
      }
      await running.close();
      return running.loads;
    };
    const parts = await loadsOf('parts');
    const count = (name: string): number => parts.filter((key) => key === `${name}:1`).length;
    expect(count('price')).toBe(10);
    expect(count('reviews')).toBeLessThan(count('price'));
    expect(count('details')).toBeLessThan(count('reviews'));
    expect((await loadsOf('whole')).filter((key) => key === 'page:1')).toHaveLength(10);
  });
});

describe('celebrity', () => {
  test.each([
    ['lazy', 20],
    ['pushed', 1],
  ])('%s: 20 readers right after a post cause %i loads', async (strategy, loads) => {
    const running = await start(celebrity, { strategy, loadMs: 300 });
    await running.ask('read-item', 0);
    running.loads.length = 0;
    const posted = await running.ask('post', 0);
    const answers = await burst(running, 20, 'read-item');
    expect(running.loads).toHaveLength(loads);
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set([posted.version]));
  });
});

describe('blog', () => {
  test.each(['counted', 'queried'])('%s: 50 comments are 50, also after the cache was lost', async (strategy) => {
    const running = await start(blog, { strategy, loadMs: 0 });
    const shown = async (): Promise<unknown> => (await running.ask('read-item', 3)).body['comments'];
    expect(await shown()).toBe(0);
    await burst(running, 50, 'post', 3);
    expect(await shown()).toBe(50);
    await running.redis.flushall();
    expect(await shown()).toBe(50);
    expect(await running.audit()).toEqual({ 'blog.comments': 50 });
  });

  test('a comment that is sent again counts once', async () => {
    const running = await start(blog, {});
    await running.ask('read-item', 3);
    for (let i = 0; i < 3; i++) await running.ask('post', 3, 'again');
    expect((await running.ask('read-item', 3)).body['comments']).toBe(1);
  });
});
