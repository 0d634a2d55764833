/** The HTML report: a result in, one self-contained page out. No I/O, so that it renders again from result.json. */
import type { AnyResult } from '../../harness/contract/result.ts';
import { renderComparePage } from './compare-page.ts';
import { renderRunPage } from './run-page.ts';

/**
 * Renders the report of a run or of a comparison: one file that opens from disk, asks nobody for anything, and works
 * without JavaScript.
 *
 * @param result as in `result.json`
 * @returns the whole HTML document
 */
export function renderHtml(result: AnyResult): string {
  return result.kind === 'run' ? renderRunPage(result) : renderComparePage(result);
}
