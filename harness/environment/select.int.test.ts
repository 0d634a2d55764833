import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { pingEngine } from './docker-engine.ts';
import { diagnose } from './doctor.ts';
import { testOptions } from './fixtures/tiny-target.ts';
import { findRedis } from './redis-local.ts';
import { selectEnvironment } from './select.ts';

const before = { ...process.env };
const ping = await pingEngine();
const NO_ENGINE = 'unix:///nonexistent/docker.sock';
const NO_IMAGE = `localhost:1/cachequake/none:${randomBytes(3).toString('hex')}`;

afterEach(() => {
  for (const name of ['DOCKER_HOST', 'PATH']) {
    const value = before[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

test('whoever names an environment gets it', async () => {
  for (const id of ['docker', 'local', 'external'] as const)
    expect((await selectEnvironment(id, testOptions())).environment.id).toBe(id);
});

test('without an engine auto takes local and says why', async () => {
  process.env.DOCKER_HOST = NO_ENGINE;
  const { environment, reason, rejected } = await selectEnvironment('auto', testOptions());
  expect(environment.id).toBe('local');
  expect(reason).toContain('not docker: no Docker engine at unix:///nonexistent/docker.sock');
  expect(rejected).toEqual([expect.objectContaining({ id: 'docker', hint: expect.stringContaining('start Docker') })]);
  const findings = await diagnose(testOptions());
  expect(findings.find(({ name }) => name === 'environment docker')?.ok).toBe(false);
  expect(findings.find(({ name }) => name === 'environment local')).toMatchObject({
    ok: true,
    detail: expect.stringContaining('--env auto takes it'),
  });
});

test('with nothing at all both reasons are told', async () => {
  process.env.DOCKER_HOST = NO_ENGINE;
  process.env.PATH = '/nonexistent';
  await expect(selectEnvironment('auto', testOptions())).rejects.toMatchObject({
    code: 'ENVIRONMENT_UNAVAILABLE',
    message: expect.stringMatching(/docker: no Docker engine.*local: there is no redis-server/),
  });
});

test('valkey-server is as good as redis-server', async () => {
  const { file } = await findRedis();
  const folder = mkdtempSync(join(tmpdir(), 'cachequake-path-'));
  try {
    symlinkSync(file, join(folder, 'valkey-server'));
    process.env.PATH = folder;
    expect((await findRedis()).title).toMatch(/^valkey-server \d/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe.skipIf(!ping.answers)(`with an engine${ping.answers ? '' : `: skipped, ${ping.reason}`}`, () => {
  test('an engine whose images cannot be had is passed over', async () => {
    const { environment, rejected } = await selectEnvironment('auto', testOptions({ nodeImage: NO_IMAGE }));
    expect(environment.id).toBe('local');
    expect(rejected[0]?.reason).toContain(`the image ${NO_IMAGE} cannot be had`);
    const findings = await diagnose(testOptions({ nodeImage: NO_IMAGE }));
    expect(findings.find(({ name }) => name === 'docker engine')?.ok).toBe(true);
    expect(findings.find(({ name }) => name === 'image of Node')).toMatchObject({
      ok: false,
      hint: expect.stringContaining('CACHEQUAKE_NODE_IMAGE'),
    });
  });
});
