import { expect, test } from 'vitest';
import { withDeadline } from './deadline.ts';

test('work that ends in time passes through, with its value or its error', async () => {
  await expect(withDeadline('work', 10_000, Promise.resolve(7))).resolves.toBe(7);
  await expect(withDeadline('work', 10_000, Promise.reject(new Error('no')))).rejects.toThrow('no');
});

test('work that hangs ends with the name of the step', async () => {
  const hung = new Promise<never>(() => {});
  await expect(withDeadline('seeding the data', 20, hung)).rejects.toMatchObject({
    code: 'DEADLINE',
    message: 'seeding the data did not end within 20ms',
  });
});
