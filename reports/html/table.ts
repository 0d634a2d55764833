/**
 * Tables that are tables: a caption, scopes, numbers to the right with the exact value in the title, and nothing that
 * needs a script. The script only adds sorting and copying to what stands there.
 */
import { html as esc } from 'ghtml';

export interface Column {
  label: string;
  /** A second line in the head, usually the unit. */
  sub?: string;
  /** Text columns stand left, numbers right. */
  text?: boolean;
}
export interface Cell {
  text: string;
  small?: string;
  /** Shown when pointed at, and used for sorting and copying. */
  exact?: number | null;
  class?: string;
  id?: string;
  /** Set where the text is code. */
  code?: boolean;
}
export interface Table {
  id: string;
  caption: string;
  columns: Column[];
  /** The first cell of each row names it. */
  rows: { id?: string; cells: (Cell | string)[] }[];
  sortable?: boolean;
  /** Scrolls inside itself, with a head that stays. */
  tall?: boolean;
}

/** Renders a table; wide ones scroll inside their own box. */
export function renderTable(table: Table): string {
  const sortable = table.sortable ?? table.rows.length > 1;
  const head = table.columns
    .map((column) => {
      const sub = column.sub ? esc`<small>${column.sub}</small>` : '';
      return esc`<th scope="col"!${column.text ? ' class="txt"' : ''}>${column.label}!${sub}</th>`;
    })
    .join('');
  const body = table.rows
    .map((row) => {
      const cells = row.cells.map((cell, i) => renderCell(cell, i === 0, table.columns[i]?.text ?? false)).join('');
      return `<tr${row.id ? esc` id="${row.id}"` : ''}>${cells}</tr>\n`;
    })
    .join('');
  return esc`<div class="scroll${table.tall ? ' tall' : ''}" tabindex="0" role="group" aria-label="${table.caption}"><table id="${table.id}"!${sortable ? ' class="sortable"' : ''}><caption>${table.caption}</caption><thead><tr>!${head}</tr></thead><tbody>!${body}</tbody></table></div>`;
}

function renderCell(given: Cell | string, first: boolean, isText: boolean): string {
  const cell: Cell = typeof given === 'string' ? { text: given } : given;
  const classes = [cell.class, isText && !first ? 'txt' : ''].filter(Boolean).join(' ');
  const attributes = [
    classes ? esc` class="${classes}"` : '',
    cell.id ? esc` id="${cell.id}"` : '',
    cell.exact === undefined || cell.exact === null ? '' : esc` title="${cell.exact}"`,
  ].join('');
  const small = cell.small ? esc` <small>${cell.small}</small>` : '';
  const text = cell.code ? esc`<code>${cell.text}</code>` : esc`${cell.text}`;
  return first ? `<th scope="row"${attributes}>${text}${small}</th>` : `<td${attributes}>${text}${small}</td>`;
}

/** An id that is safe in a link, made of any text. Different texts may give the same slug. */
export function slug(text: string): string {
  return (
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 60) || 'x'
  );
}
