/**
 * Ports for servers that cannot bind port 0 and say which they got. One is drawn and the server itself finds out
 * whether it is free: looking first and binding later would leave a gap for somebody else.
 */
import { randomInt } from 'node:crypto';

/** Below the range that systems hand out by themselves (32768 on Linux), above well-known services. */
const FIRST = 18_000;
const LAST = 31_999;

/** How many ports are tried before giving up. */
export const PORT_ATTEMPTS = 8;

export function randomPort(): number {
  return randomInt(FIRST, LAST + 1);
}
