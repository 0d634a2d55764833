/** Counted once each: no view is lost on the way to the database, and none is counted twice. */
import { defineCheck } from '../../contract/verdict.ts';

export default defineCheck({
  id: 'counts-exact',
  title: 'Counts are exact',
  prose:
    'After the drain the sum of all counters in the database is the number of views that were acknowledged. A view ' +
    'whose answer never came may have been counted or not.',
  judge({ audit, load }) {
    const total = audit?.figures['counters.total'];
    if (total === undefined)
      return { status: 'unknown', message: 'the counters in the database were not read after the run' };
    const views = load.writes.filter(({ operation }) => operation === 'count');
    const acknowledged = views.filter(({ status }) => status === 'acknowledged').length;
    const unknown = views.filter(({ status }) => status === 'unknown').length;
    if (acknowledged === 0)
      return { status: 'unknown', message: 'no view was acknowledged, so there is nothing to add' };
    if (total < acknowledged)
      return {
        status: 'fail',
        message: `${acknowledged - total} of ${acknowledged} acknowledged views are not counted`,
      };
    if (total > acknowledged + unknown)
      return { status: 'fail', message: `${total - acknowledged - unknown} views are counted that were never sent` };
    const open = unknown > 0 ? `, and ${total - acknowledged} of ${unknown} whose answer never came` : '';
    return { status: 'pass', message: `all ${acknowledged} acknowledged views are counted${open}` };
  },
});
