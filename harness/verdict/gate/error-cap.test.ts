import { expect, test } from 'vitest';
import { judgeErrorCap } from './error-cap.ts';

const failing = (percent: number, trials = 5): number[] => Array.from({ length: trials }, () => percent);

test('few errors are no matter of the cap', () => {
  expect(judgeErrorCap(failing(0), failing(0.9))).toEqual({ regressed: [], guards: [] });
});

test('a candidate that alone fails too many requests is regressed, whatever else it does', () => {
  expect(judgeErrorCap(failing(0.2), failing(3)).regressed).toEqual([
    "3 % of the candidate's requests fail, and 0.2 % of the base's; at most 1 % may",
  ]);
});

test('where the base fails too, as under a planned fault, it is said and not judged', () => {
  const { regressed, guards } = judgeErrorCap(failing(4), failing(5));
  expect(regressed).toEqual([]);
  expect(guards).toMatchObject([{ id: 'error-cap', ok: true }]);
});

test('a few trials may be bad luck', () => {
  expect(judgeErrorCap(failing(0, 3), failing(30, 3))).toEqual({ regressed: [], guards: [] });
});
