import { expect, test } from 'vitest';
import { GeneratorProcess } from './generator-process.ts';
import { loadSpec } from './misbehaving-server.ts';

test('a generator that is killed is an error that says so', async () => {
  const generator = new GeneratorProcess({ spec: loadSpec(), process: 0, processes: 1 });
  generator.kill();
  await expect(generator.ready).rejects.toMatchObject({
    code: 'GENERATOR_FAILED',
    message: expect.stringContaining('killed by SIGKILL') as string,
  });
  await expect(generator.report).rejects.toThrow('generator process 1 of 1 failed');
});

test('the last words of a generator that dies are in the error', async () => {
  const generator = new GeneratorProcess({ spec: loadSpec(), process: 1, processes: 2 });
  generator.aim(['nonsense']);
  await expect(generator.report).rejects.toMatchObject({
    code: 'GENERATOR_FAILED',
    message: expect.stringMatching(/generator process 2 of 2 failed: Invalid URL\n(.|\n)*at /) as string,
  });
});
