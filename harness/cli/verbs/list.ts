/** `cachequake list`: what there is, with its parameters and prose. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { Library } from '../../contract/library.ts';
import { unknownName } from '../../kit/suggest.ts';
import { allMeasures } from '../../verdict/measures.ts';
import { type FullCatalogue, loadCatalogue } from '../catalogue.ts';

interface Row {
  id: string;
  title: string;
  prose?: string;
  extra?: string[];
  parameters?: z.ZodObject;
}

type Listed = FullCatalogue & { libraries: Map<string, Library> };

const KINDS: Readonly<Record<string, (c: Listed) => Iterable<Row>>> = {
  profiles: (c) => c.profiles.values(),
  defences: (c) =>
    [...c.defences.values()].map((d) => ({ ...d, extra: [`layer   ${d.layer ?? 'none'}`, `source  ${d.source}`] })),
  stacks: (c) =>
    [...c.stacks.values()].map(({ id, title, prose, for: traffic, members, parameters: given = {} }) => ({
      id,
      title: `${title}: ${members}`,
      prose,
      extra: [
        `for     ${traffic}`,
        ...Object.entries(given).flatMap(([owner, values]) =>
          Object.entries(values).map(([name, value]) => `with    ${owner}.${name}=${String(value)}`),
        ),
      ],
    })),
  stores: (c) =>
    [...c.stores.values()].map((s) => ({
      ...s,
      extra: [`can     ${[...s.capabilities].join(', ')}`, `source  ${s.source}`],
    })),
  writes: (c) => [...c.writes.values()].map((w) => ({ ...w, extra: [`source  ${w.source}`] })),
  workloads: (c) => [...c.workloads.values()].map((w) => ({ ...w, extra: [`source  ${w.source}`] })),
  stock: (c) => [...c.stock.values()].map((s) => ({ ...s, extra: [`source  ${s.source}`] })),
  libraries: (c) =>
    [...c.libraries.values()].map((l) => ({
      ...l,
      extra: [`npm     ${l.packages.join(', ')}`, `source  ${l.source}`],
    })),
  faults: (c) => [...c.faults.values()].map((f) => ({ ...f, extra: [`stands for  ${f.incident}`] })),
  probes: (c) => [...c.probes.values()].map((p) => ({ id: p.id, title: `${p.title} (every ${p.everyMs} ms)` })),
  checks: (c) => c.checkModules.values(),
  measures: () =>
    [...allMeasures().values()].map((m) => ({
      id: m.id,
      title: `${m.title} (${m.unit})`,
      extra: m.aliases ? [`also  ${m.aliases.join(', ')}`] : [],
    })),
};

export function addListVerb(program: Command): void {
  program
    .command('list')
    .summary('list profiles, defences, named stacks, stores, write strategies, faults, checks, measures')
    .argument('[kind]', Object.keys(KINDS).join(', '))
    .option('-v, --verbose', 'with prose, source and parameters')
    .option('--json', 'as JSON')
    .action(async (kind: string | undefined, flags: { verbose?: boolean; json?: boolean }) => {
      if (kind !== undefined && !KINDS[kind]) throw unknownName('kind', kind, Object.keys(KINDS));
      const { loadLibraries } = await import('../libraries.ts');
      const catalogue = { ...(await loadCatalogue()), libraries: await loadLibraries() };
      const kinds = Object.entries(KINDS).filter(([name]) => kind === undefined || name === kind);
      const listed = kinds.map(([name, rows]) => ({ name, rows: [...rows(catalogue)] }));
      process.stdout.write(
        flags.json
          ? `${JSON.stringify(Object.fromEntries(listed.map((l) => [l.name, l.rows.map(asJson)])), null, 2)}\n`
          : listed.map((l) => asText(l, flags.verbose ?? false)).join('\n'),
      );
    });
}

function asText({ name, rows }: { name: string; rows: Row[] }, verbose: boolean): string {
  const width = Math.max(...rows.map((row) => row.id.length));
  const lines = rows.flatMap((row) => [`  ${row.id.padEnd(width)}  ${row.title}`, ...(verbose ? details(row) : [])]);
  return `${name}\n${lines.join('\n')}\n`;
}

function details(row: Row): string[] {
  const lines = [
    ...(row.prose ? wrap(row.prose) : []),
    ...(row.extra ?? []),
    ...parameters(row).map((p) => `--set ${p.name}=${String(p.fallback)}  ${p.description}`),
  ];
  return [...lines.map((line) => `      ${line}`), ''];
}

function parameters(row: Row): { name: string; fallback: unknown; description: string }[] {
  if (!row.parameters) return [];
  const json = z.toJSONSchema(row.parameters, { io: 'input' }) as {
    properties?: Record<string, { default?: unknown; description?: string }>;
  };
  return Object.entries(json.properties ?? {}).map(([name, p]) => ({
    name,
    fallback: p.default,
    description: p.description ?? '',
  }));
}

function asJson(row: Row): object {
  return { id: row.id, title: row.title, ...(row.prose ? { prose: row.prose } : {}), parameters: parameters(row) };
}

function wrap(text: string): string[] {
  return text.match(/.{1,92}(?:\s|$)/g)?.map((line) => line.trim()) ?? [text];
}
