/** What a result says about the machine, and a fingerprint that tells whether two results came from alike ones. */
import { createHash } from 'node:crypto';
import { availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import type { EnvironmentManifest } from '../contract/environment.ts';

/** Describes this machine. The fingerprint ignores names and the kernel's patch level, which do not change speed. */
export function describeMachine(): EnvironmentManifest['machine'] {
  const cores = availableParallelism();
  const cpuModel = cpus()[0]?.model.trim() ?? 'unknown';
  const memoryBytes = totalmem();
  const alike = [platform(), process.arch, cores, cpuModel, Math.round(memoryBytes / 2 ** 30)];
  return {
    platform: `${platform()} ${release()} ${process.arch}`,
    cores,
    cpuModel,
    memoryBytes,
    fingerprint: createHash('sha256').update(JSON.stringify(alike)).digest('hex').slice(0, 12),
  };
}
