import { beforeAll, describe, expect, test } from 'vitest';
import { type FullCatalogue, loadCatalogue } from '../cli/catalogue.ts';
import type { EnvironmentId } from '../contract/environment.ts';
import { HarnessError } from '../contract/errors.ts';
import type { RunPlan } from '../contract/plan.ts';
import type { FaultEvent } from '../contract/profile.ts';
import { createOwnTarget } from '../../targets/own/target.ts';
import { configJsonSchema } from './config-schema.ts';
import { explainPlan } from './explain.ts';
import { makePlan } from './make-plan.ts';
import { readOwnTarget } from './own-target-read.ts';
import { resolveSettings } from './resolve-settings.ts';

const operations = { 'read-item': { path: '/items/{key}' } };
const read = (section: object) => readOwnTarget(section, 'cachequake.config.ts');

function problemOf(work: () => unknown): { code: string; text: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof HarnessError) return { code: error.code, text: `${error.message}\n${error.hint ?? ''}` };
    throw error;
  }
  throw new Error('it was accepted');
}

describe('a description', () => {
  test('of a command needs both servers and is told its port, and its defaults are filled in', () => {
    expect(read({ command: 'node "my server.js"', operations })).toMatchObject({
      id: 'own',
      title: 'own',
      command: ['node', 'my server.js'],
      image: null,
      url: null,
      cwd: '.',
      port: { variable: 'PORT' },
      readiness: { path: '/', timeoutSec: 30, status: null },
      needs: ['redis', 'postgres'],
      operations: { 'read-item': { method: 'GET', path: '/items/{key}' } },
      seed: null,
    });
  });

  test('of a URL needs nothing of ours', () => {
    expect(read({ url: 'http://127.0.0.1:3000', operations })).toMatchObject({ needs: [], port: null });
  });

  test('numbers and truth among the variables are texts', () => {
    const { environment } = read({ command: 'x', environment: { POOL: 10, DEBUG: true }, operations });
    expect(environment).toEqual({ POOL: '10', DEBUG: 'true' });
  });

  test.each<[string, object, RegExp]>([
    ['nothing to measure', { operations }, /one of command, image and url must say/],
    ['two ways', { command: 'x', url: 'http://h', operations }, /target\.url: command and url exclude each other/],
    [
      'a folder of an image',
      { image: 'x', cwd: 'a', operations },
      /target\.cwd: goes with a command, not with an image/,
    ],
    ['a port and a ready line', { command: 'x', readyLine: true, port: { variable: 'P' }, operations }, /target\.port/],
    ['servers for a URL', { url: 'http://h', needs: ['redis'], operations }, /target\.needs: .*its own servers/],
    ['SQL for a URL', { url: 'http://h', seed: 'a.sql', operations }, /target\.seed: SQL needs a Postgres of ours/],
    ['URLs of two services', { url: ['http://a/x', 'http://b/y'], operations }, /target\.url: .*the same path/],
    ['no URL', { url: 'localhost:3000', operations }, /target\.url.*is not the URL of a service/],
    ['no operation', { command: 'x', operations: {} }, /must map at least one operation/],
    [
      'an unknown operation',
      { command: 'x', operations: { 'read-itme': { path: '/' } } },
      /operation[^]*did you mean 'read-item'/,
    ],
    ['an unknown field', { comand: 'x', operations }, /field[^]*did you mean 'command'/],
    ['a field of a request', { command: 'x', operations: { 'read-item': { pth: '/' } } }, /did you mean 'path'/],
    [
      'a path without a slash',
      { command: 'x', operations: { 'read-item': { path: 'items' } } },
      /read-item\.path: must begin/,
    ],
    ['an open quote', { command: 'node "x', operations }, /target\.command: the quote " /],
    ['a shell', { command: 'a && b', operations }, /target\.command: '&&'/],
    ['a bad variable', { command: 'x', environment: { 'A-B': '' }, operations }, /environment/],
    [
      'an unknown placeholder',
      { command: 'x', environment: { A: '{redisUrI}' }, operations },
      /placeholder in cachequake\.config\.ts: target\.environment\.A: '\{?redisUrI[^]*did you mean 'redisUrl'/,
    ],
    [
      'an unknown one in the command',
      { command: 'x --p {prot}', operations },
      /target\.command: 'prot'[^]*did you mean 'port'/,
    ],
    [
      'a server that is not needed',
      { command: 'x', needs: ['redis'], environment: { A: '{postgresUrl}' }, operations },
      /'postgres' is not among the needs[^]*needs: \['redis', 'postgres'\]/,
    ],
    ['an id with blanks', { id: 'My API', command: 'x', operations }, /target\.id: must be lower case/],
  ])('refuses %s', (_name, section, message) => {
    const { code, text } = problemOf(() => read(section));
    expect(text).toMatch(message);
    expect(['BAD_CONFIG', 'UNKNOWN_NAME']).toContain(code);
  });

  test('stands in the published schema, with every field described', () => {
    const { properties } = configJsonSchema() as {
      properties: Record<string, { properties: Record<string, { description?: string }> }>;
    };
    const fields = Object.entries(properties['target']!.properties);
    expect(fields.length).toBeGreaterThan(15);
    for (const [name, field] of fields) expect(field.description, name).toBeTruthy();
    expect(properties['gate']!.properties).toHaveProperty('budget');
  });
});

describe('a plan', () => {
  let catalogue: FullCatalogue;
  beforeAll(async () => {
    catalogue = await loadCatalogue();
  });

  interface Given {
    section?: object;
    profile?: string;
    environment?: EnvironmentId;
    flags?: Record<string, unknown>;
    faults?: FaultEvent[];
  }

  function plan({ section = { command: 'x', operations }, ...given }: Given): RunPlan {
    const { settings, provenance } = resolveSettings({ flags: given.flags ?? {}, environment: {}, config: {} });
    return makePlan({
      profile: given.profile ?? 'hot-key',
      defence: '',
      store: null,
      write: null,
      stock: null,
      environment: given.environment ?? 'local',
      settings,
      provenance,
      faults: given.faults ?? [],
      catalogue: { ...catalogue, target: createOwnTarget(read(section), { configFolder: '/srv' }) },
      checkThreshold: () => {},
    });
  }
  const problem = (given: Given): string => problemOf(() => plan(given)).text;
  const url = { url: 'http://127.0.0.1:3000/api', operations };

  test('has no defence of ours and says so', () => {
    const made = plan({ section: { id: 'articles', title: 'Articles', command: 'x', operations } });
    expect(made).toMatchObject({ stack: [], defence: 'articles', label: 'Articles', write: null, prediction: null });
    expect(explainPlan(made)).toMatch(/defence +its own/);
  });

  test('checks identity where the request says by what, and says where not', () => {
    const named = { 'read-item': { path: '/items/{key}', identity: '"id":{key},' } };
    expect(plan({ section: { command: 'x', operations: named } }).checks).toEqual(['identity']);
    const unnamed = plan({});
    expect(unnamed.checks).toEqual([]);
    expect(explainPlan(unnamed)).toContain('no request says so');
  });

  test('of a URL has its path before each request, and as many instances as addresses', () => {
    const two = { ...url, url: ['http://127.0.0.1:3000/api', 'http://127.0.0.1:3001/api/'] };
    const made = plan({ section: two, environment: 'none' });
    expect(made.instances).toBe(2);
    expect(made.load.operations[0]!.request.path).toBe('/api/items/{key}');
  });

  test.each<[string, Given, RegExp]>([
    [
      'a workload of the shop',
      { profile: 'timeline' },
      /'timeline' plays on the workload 'feed'.*'own' has not[^]*hot-key/,
    ],
    ['a stock strategy', { profile: 'flash-sale' }, /'flash-sale' sells with the stock strategy 'script'/],
    ['a store of the shop', { profile: 'reshard' }, /'reshard' keeps values in the store 'redis-shards'/],
    ['an operation that is not mapped', { profile: 'write-race' }, /'write-race' needs the operation 'write-item'/],
    [
      'an image on this machine',
      { section: { image: 'x', operations } },
      /cannot run with --env local: it is an image/,
    ],
    ['a command in a container', { environment: 'docker' }, /cannot run with --env docker: it is a command/],
    ['a URL with servers', { section: url }, /cannot run with --env local: it is a service that runs already/],
    ['servers where there are none', { environment: 'none' }, /needs redis and postgres, and none starts no servers/],
    [
      'a fault without a Redis',
      { section: url, environment: 'none', faults: [{ fault: 'redis-down', atMs: 1000, durationMs: 500 }] },
      /redis-down@1s: 'own' has no Redis of ours/,
    ],
    [
      'a Redis that is set up',
      { section: url, environment: 'none', profile: 'eviction-pressure' },
      /'eviction-pressure' sets up a Redis of ours/,
    ],
    [
      'instances of a URL',
      { section: url, environment: 'none', flags: { instances: 3 } },
      /at 1 address: 3 instances cannot be had/,
    ],
  ])('refuses %s', (_name, given, message) => {
    expect(problem(given)).toMatch(message);
  });
});

test('a service that runs already has no other version', () => {
  const own = read({ url: 'http://127.0.0.1:3000', operations });
  const work = () => createOwnTarget(own, { configFolder: '/', override: { command: ['x'] } });
  expect(problemOf(work).text).toMatch(/has no other version to start/);
});
