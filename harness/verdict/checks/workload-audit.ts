/** What a workload itself says must not be in its tables after the run. */
import { defineCheck } from '../../contract/verdict.ts';
import { counted } from '../wording.ts';

export default defineCheck({
  id: 'workload-audit',
  title: 'The workload’s own audit',
  prose: 'After the drain the workload reads its tables and names everything in them that must not be.',
  judge({ audit }) {
    if (audit === null) return { status: 'unknown', message: 'the tables of the workload were not read after the run' };
    if (audit.problems.length > 0)
      return {
        status: 'fail',
        message: `${counted(audit.problems.length, 'problem')}: ${audit.problems[0]}`,
        examples: audit.problems.slice(0, 20),
      };
    return { status: 'pass', message: 'nothing in the tables that must not be' };
  },
});
