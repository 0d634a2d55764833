/**
 * The suite that every defence must pass, ours or yours. Plain functions without a test runner, so that it runs under
 * vitest, from the command line, in virtual time and against a real Redis alike.
 */
import assert from 'node:assert/strict';
import { type Defence, LAYERS } from '../harness/contract/defence.ts';
import { createBench } from './conformance/bench.ts';
import { predictionCases } from './conformance/prediction-cases.ts';
import { KEY, readCases } from './conformance/read-cases.ts';
import { troubleCases } from './conformance/trouble-cases.ts';
import { openVirtualWorld, type World } from './conformance/world.ts';

/** One thing that must hold. `run` rejects, with a message in words, where it does not. */
export interface ConformanceCase {
  name: string;
  run(): Promise<void>;
}

export interface ConformanceOptions {
  /** Opens the surroundings of one case; virtual time and the memory store by default. */
  open?: () => Promise<World>;
  /** Parameters to run with; those left out take their defaults. */
  parameters?: Record<string, unknown>;
}

function declarationCase(defence: Defence): ConformanceCase {
  return {
    name: 'it declares itself completely, and its parameters have valid, described defaults',
    async run() {
      assert.match(defence.id, /^[a-z][a-z0-9-]*$/, 'the id is kebab-case');
      for (const field of ['title', 'prose', 'source'] as const) assert.ok(defence[field], `it has a ${field}`);
      assert.ok(defence.layer === null || LAYERS.includes(defence.layer), `unknown layer ${defence.layer}`);
      assert.equal(defence.layer === 'coordination', defence.scope !== undefined, 'coordination declares its scope');
      assert.ok(defence.layer === null || defence.create, 'a defence that fills a layer has create()');
      const defaults = defence.parameters.safeParse({});
      assert.ok(defaults.success, `defaults do not fit: ${defaults.error?.message}`);
      assert.ok(defence.parameters.safeParse(defaults.data).success, 'defaults fit the schema themselves');
      for (const [name, schema] of Object.entries(defence.parameters.shape))
        assert.ok(schema.description, `parameter ${name} is described`);
      const keepMs = defence.keepAfterTtlMs?.(defaults.data) ?? 0;
      assert.ok(Number.isFinite(keepMs) && keepMs >= 0, `keepAfterTtlMs gave ${keepMs}`);
    },
  };
}

/**
 * The cases for one defence. Each is independent of the others and seeded. Predictions are measured only in virtual
 * time.
 *
 * @example for (const { name, run } of conformanceCases(defence)) test(name, run);
 */
export function conformanceCases(defence: Defence, options: ConformanceOptions = {}): ConformanceCase[] {
  const { open = openVirtualWorld, parameters = {} } = options;
  const behaviour = [...readCases, ...troubleCases]
    .filter((one) => one.appliesTo(defence))
    .map((one) => ({
      name: one.name,
      async run() {
        await using world = await open();
        const bench = createBench(world, [{ defence, parameters }], { instances: one.instances });
        bench.database.put(KEY, 1);
        const run = async (): Promise<void> => {
          await bench.start();
          try {
            await one.run(bench, defence);
          } finally {
            await bench.close();
          }
        };
        await world.finish(run());
      },
    }));
  return [declarationCase(defence), ...behaviour, ...(options.open ? [] : predictionCases(defence))];
}
