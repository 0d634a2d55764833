/**
 * Node's HTTP server. To `import` it makes every export of `node:http`, and one of them is a WebSocket for which Node
 * loads the whole of its own undici: 35 ms of CPU time in each process that is started.
 */
export const { createServer } = process.getBuiltinModule('node:http');
