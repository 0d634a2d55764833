import { expect, test } from 'vitest';
import { readyPort } from './ready-line.ts';

test('the port is taken from the ready line, whatever stands around it', () => {
  expect(readyPort('starting\n{"level":30,"msg":"cachequake"}\n{"cachequake":"ready","port":4711}\nmore')).toBe(4711);
});

test('half a line is no line', () => {
  expect(readyPort('{"cachequake":"ready","po')).toBeNull();
  expect(readyPort('{"cachequake":"ready"}')).toBeNull();
  expect(readyPort('')).toBeNull();
});
