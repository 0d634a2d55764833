import { expect, test } from 'vitest';
import type { Coherence } from '../../contract/coherence.ts';
import { buildEvidence } from '../fixtures/evidence.ts';
import noLostWrite from './no-lost-write.ts';

/** Two writes were confirmed; these ids are in the database. */
function judged(stored: string[], rest: Partial<Coherence> = {}) {
  const evidence = buildEvidence();
  evidence.load.writes = ['a', 'b'].map((id) => ({
    id,
    operation: 'write-item',
    key: 1,
    user: 1,
    sentMs: 0,
    status: 'acknowledged',
  }));
  const versions = stored.map((writeId, i) => ({ key: 1, version: i + 2, writeId, committedAtMs: i }));
  const coherence: Coherence = {
    history: { versions, rows: [{ key: 1, version: stored.length + 1 }] },
    clockDifferenceMs: 0,
    clockUncertaintyMs: 0,
    atEnd: [],
    pending: 0,
    deadLetters: 0,
    lossBound: 0,
    lagP99Ms: null,
    ...rest,
  };
  return noLostWrite.judge({ ...evidence, coherence });
}

test('all confirmed writes are there', () => expect(judged(['a', 'b']).status).toBe('pass'));

test('one that is missing is lost, unless the service stated that it may be', () => {
  expect(judged(['a'])).toMatchObject({ status: 'fail', examples: ['lost b'] });
  expect(judged(['a'], { lossBound: 1 }).status).toBe('pass');
  expect(judged([], { lossBound: 1 })).toMatchObject({ status: 'fail', message: expect.stringContaining('stated 1') });
});

test('what is queued or put aside is not known to be lost', () => {
  expect(judged(['a'], { pending: 1 }).status).toBe('unknown');
  expect(judged(['a'], { deadLetters: 1 }).message).toContain('dead letters');
});

test('a row behind its own history is a lost update', () =>
  expect(
    judged(['a', 'b'], {
      history: {
        versions: [
          { key: 1, version: 3, writeId: 'a', committedAtMs: 0 },
          { key: 1, version: 2, writeId: 'b', committedAtMs: 1 },
        ],
        rows: [{ key: 1, version: 2 }],
      },
    }).status,
  ).toBe('fail'));

test('without a history, or without writes, nothing is claimed', () => {
  expect(noLostWrite.judge(buildEvidence()).status).toBe('unknown');
  const evidence = buildEvidence();
  const { coherence } = {
    coherence: { ...({} as Coherence), history: { versions: [], rows: [] }, pending: 0, deadLetters: 0 },
  };
  expect(noLostWrite.judge({ ...evidence, coherence }).status).toBe('unknown');
});
