/**
 * Node's HTTP without what only a browser would miss. To `import 'node:http'` makes every export of it, and one of them
 * is a WebSocket for which Node loads the whole of its own undici: 35 ms of CPU time at each start of a process.
 */
import type * as nodeHttps from 'node:https';

export const http = process.getBuiltinModule('node:http');

/** The same for HTTPS, loaded when it is asked for. */
export function https(): typeof nodeHttps {
  return process.getBuiltinModule('node:https');
}
