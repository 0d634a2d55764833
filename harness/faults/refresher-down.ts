/**
 * The process that keeps values fresh is gone: frozen, so that nothing tells anybody, or killed. The question is
 * whether the readers notice, and what the database gets when they load for themselves again.
 */
import { z } from 'zod';
import { HarnessError } from '../contract/errors.ts';
import type { StartedHelper } from '../contract/environment.ts';
import { defineFault, type FaultContext } from '../contract/fault.ts';
import { processIsStopped } from './engine/process-state.ts';

const HELPER = 'refresher';
const HINT = 'it is started with the defence external-refresh';

/** Whom it hit, and whether that process was seen to be still or gone. */
const hit = new WeakMap<FaultContext, { pid: number | null; how: 'freeze' | 'kill' }>();

function refresherOf(context: FaultContext): StartedHelper {
  const helper = context.helpers?.find(({ name }) => name === HELPER);
  if (helper) return helper;
  throw new HarnessError('FAULT_FAILED', 'there is no refresh worker in this run', { hint: HINT });
}

export default defineFault({
  id: 'refresher-down',
  title: 'Refresh worker down',
  prose:
    'The worker of external-refresh stops: frozen (SIGSTOP, and later goes on where it was) or killed (SIGKILL, and ' +
    'started anew at the end). Values that it kept fresh expire, and readers load for themselves once its heartbeat is old.',
  incident:
    'A cron job or cache-warming worker that died unnoticed: the cache served what it had until everything had expired, and the database got all readers at once.',
  kind: 'lasting',
  needs: [],
  helper: { name: HELPER, hint: HINT },
  parameters: z.object({
    how: z.enum(['freeze', 'kill']).default('freeze').describe('SIGSTOP, or SIGKILL and a fresh start at the end.'),
  }),
  undo: () => [{ do: 'revive-helper', helper: HELPER }],
  async inject(context, { how }) {
    const refresher = refresherOf(context);
    hit.set(context, { pid: refresher.pid, how });
    await refresher.signal(how === 'kill' ? 'SIGKILL' : 'SIGSTOP');
  },
  confirm(context) {
    const was = hit.get(context);
    if (!was) return Promise.resolve({ active: false, evidence: 'no worker was hit' });
    const { pid } = was;
    const now = refresherOf(context).pid;
    if (was.how === 'kill') {
      const gone = pid !== null && now !== pid;
      return Promise.resolve({ active: gone, evidence: `worker ${pid ?? '?'} ${gone ? 'has ended' : 'still runs'}` });
    }
    const state = pid === null ? null : processIsStopped(pid);
    const evidence = `worker ${pid ?? '?'} ${state === null ? 'was sent SIGSTOP; its state cannot be seen' : state ? 'is stopped' : 'still runs'}`;
    return Promise.resolve({ active: state !== false, evidence });
  },
});
