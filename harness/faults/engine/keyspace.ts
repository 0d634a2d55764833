/** Reads Redis's INFO text, for faults that must show what became of the keys. */

/** Keys in all databases, from the `keyspace` section of INFO. */
export function keysIn(info: string): number {
  let keys = 0;
  for (const match of info.matchAll(/^db\d+:keys=(\d+)/gm)) keys += Number(match[1]);
  return keys;
}

/** One value of INFO as text, for example `run_id`; empty where it is not there. */
export function infoValue(info: string, name: string): string {
  return new RegExp(`^${name}:([^\\r\\n]*)`, 'm').exec(info)?.[1] ?? '';
}
