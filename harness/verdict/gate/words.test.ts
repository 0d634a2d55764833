import { expect, test } from 'vitest';
import { effectText, inSentence, sizeText } from './words.ts';

test('effects in words', () => {
  expect(effectText(0.0523, { scale: 'ratio', unit: 'ms' })).toBe('5.2 % worse');
  expect(effectText(-0.253, { scale: 'ratio', unit: 'ms' })).toBe('25.3 % better');
  expect(effectText(0, { scale: 'ratio', unit: 'ms' })).toBe('no change');
  expect(effectText(0.31, { scale: 'difference', unit: '%' })).toBe('0.31 points worse');
  expect(effectText(-2, { scale: 'difference', unit: 'loads' })).toBe('2 loads better');
  expect(sizeText(12.4, { scale: 'ratio', unit: 'loads' })).toBe('1240 %');
});

test('titles inside a sentence', () => {
  expect(inSentence('Median latency')).toBe('median latency');
  expect(inSentence('p95 latency')).toBe('p95 latency');
  expect(inSentence('Redis commands per request')).toBe('Redis commands per request');
});
