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
  /** Set where the small text is a warning. */
  off?: boolean;
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
  /** Heads over neighbouring columns, from the second column on. */
  groups?: { label: string; sub: string; columns: number }[];
  /** The first cell of each row names it. */
  rows: { id?: string; cells: (Cell | string)[] }[];
  sortable?: boolean;
  /** Scrolls inside itself, with a head that stays. */
  tall?: boolean;
}

/** Renders a table; wide ones scroll inside their own box. */
export function renderTable(table: Table): string {
  const classes = [
    (table.sortable ?? table.rows.length > 1) ? 'sortable' : '',
    // Numbers wander off to the left under the names of their rows; texts would not find room beside them.
    table.columns.length > 4 && !table.columns.some((column) => column.text) ? 'pin' : '',
    table.columns.length > 20 ? 'vast' : table.columns.length > 10 ? 'broad' : '',
  ]
    .filter(Boolean)
    .join(' ');
  const head = table.columns
    .map((column) => {
      const sub = column.sub ? esc`<small>${column.sub}</small>` : '';
      return esc`<th scope="col"!${column.text ? ' class="txt"' : ''}>${column.label}!${sub}</th>`;
    })
    .join('');
  const groups = table.groups?.filter((group) => group.columns > 0) ?? [];
  const over = groups.map(
    (g) => esc`<th scope="colgroup" colspan="${g.columns}"><span>${g.label} <small>${g.sub}</small></span></th>`,
  );
  const bands = groups.map((g) => `<colgroup span="${g.columns}"></colgroup>`).join('');
  const top = groups.length > 0 ? `<tr class="over"><td></td>${over.join('')}</tr>` : '';
  const body = table.rows
    .map((row) => {
      const cells = row.cells.map((cell, i) => renderCell(cell, i === 0, table.columns[i]?.text ?? false)).join('');
      return `<tr${row.id ? esc` id="${row.id}"` : ''}>${cells}</tr>\n`;
    })
    .join('');
  return esc`<div class="scroll${table.tall ? ' tall' : ''}" tabindex="0" role="group" aria-label="${table.caption}"><table id="${table.id}"!${classes ? ` class="${classes}"` : ''}><caption>${table.caption}</caption>!${bands && `<colgroup></colgroup>${bands}`}<thead>!${top}<tr>!${head}</tr></thead><tbody>!${body}</tbody></table></div>`;
}

function renderCell(given: Cell | string, first: boolean, isText: boolean): string {
  const cell: Cell = typeof given === 'string' ? { text: given } : given;
  const classes = [cell.class, isText && !first ? 'txt' : ''].filter(Boolean).join(' ');
  const attributes = [
    classes ? esc` class="${classes}"` : '',
    cell.id ? esc` id="${cell.id}"` : '',
    cell.exact === undefined || cell.exact === null ? '' : esc` title="${cell.exact}"`,
  ].join('');
  const small = cell.small ? esc` <small!${cell.off ? ' class="off"' : ''}>${cell.small}</small>` : '';
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
