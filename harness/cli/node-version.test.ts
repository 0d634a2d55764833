import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../kit/package-root.ts';
import { LEAST_NODE, nodeTooOld } from './node-version.ts';

test('an older Node is told what it lacks, and how to have it', () => {
  expect(nodeTooOld('20.20.2')).toContain('needs Node 22.22 or later, and this is Node 20.20.2');
  expect(nodeTooOld('22.21.9')).toContain('npm install');
  for (const version of ['22.22.0', '22.23.1', '24.0.0']) expect(nodeTooOld(version), version).toBeNull();
});

test('it is the version that the package asks for', () => {
  const { engines } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    engines: { node: string };
  };
  expect(engines.node).toBe(`>=${LEAST_NODE}`);
});
