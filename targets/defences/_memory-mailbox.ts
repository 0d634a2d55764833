/** A mailbox in this process's memory, for tests and virtual time. */
import type { Mailbox } from '../../harness/contract/defence.ts';

export function createMemoryMailbox(): Mailbox & { away: boolean } {
  const boxes = new Map<string, string[]>();
  const mailbox = {
    away: false,
    async post(box: string, text: string) {
      if (mailbox.away) throw new Error('Command timed out');
      boxes.set(box, [...(boxes.get(box) ?? []), text]);
    },
    async take(box: string, atMost: number) {
      if (mailbox.away) throw new Error('Command timed out');
      return boxes.get(box)?.splice(0, atMost) ?? [];
    },
  };
  return mailbox;
}
