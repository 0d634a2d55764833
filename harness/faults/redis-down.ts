/**
 * Redis cannot be reached: every Redis proxy is disabled, which closes live connections and refuses new ones. The
 * first question to any cache: does the database carry what arrives without it, and does the system come back?
 */
import { z } from 'zod';
import { defineFault } from '../contract/fault.ts';
import { confirmCut, injectCut, undoCut } from './engine/wire.ts';

export default defineFault({
  id: 'redis-down',
  title: 'Redis down',
  prose:
    'All connections to Redis are closed and new ones are refused until the fault ends. Redis itself goes on running ' +
    'and keeps its data, so that the recovery starts with a warm cache.',
  incident:
    'GitHub, 28 January 2016: after a power failure Redis was out of reach when the application servers booted, and they did not start.',
  kind: 'lasting',
  needs: ['proxy'],
  parameters: z.object({}),
  undo: (context) => undoCut(context),
  inject: (context) => injectCut(context),
  confirm: (context) => confirmCut(context),
});
