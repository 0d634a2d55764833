/** How `{key}`, `{user}` and `{id}` in the texts of a request are read, for those who fill in one request by hand. */

/** Places in a text; `{key+1}` and `{user+1}` are for services that do not count from 0. Two groups: name and offset. */
export const REQUEST_PLACEHOLDER: RegExp = /\{(key|user|id)(?:\+(\d+))?\}/;

/** Fills in one text. Other braces, as in JSON, are left as they are. */
export function fillRequestText(text: string, values: { key: number; user: number; id: string }): string {
  return text.replaceAll(new RegExp(REQUEST_PLACEHOLDER, 'g'), (_, name: 'key' | 'user' | 'id', offset?: string) => {
    const value = values[name];
    return typeof value === 'number' ? String(value + Number(offset ?? 0)) : value;
  });
}
