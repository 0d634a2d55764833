/**
 * The report's only script, as text: everything is on the page without it. It adds a cursor that goes through all
 * panels of a stack, sorting, copying as CSV, links to a moment, and the switch between light and dark. It reads
 * text and sets text, never markup. At most 8 KB, tested.
 */
export const SCRIPT = `(() => {
'use strict';
const $ = (s, e = document) => [...e.querySelectorAll(s)];
const make = (tag, props) => Object.assign(document.createElement(tag), props);
const root = document.documentElement;
const data = JSON.parse(document.getElementById('data').textContent);
const store = { get: () => { try { return localStorage.getItem('cachequake-theme'); } catch { return null; } },
  set: (v) => { try { localStorage.setItem('cachequake-theme', v); } catch { /* private window */ } } };

// Theme
const dark = matchMedia('(prefers-color-scheme: dark)');
const isDark = () => root.dataset.theme ? root.dataset.theme === 'dark' : dark.matches;
const theme = make('button', { type: 'button', className: 'btn', id: 'theme' });
const showTheme = () => { theme.textContent = isDark() ? 'Light' : 'Dark'; theme.setAttribute('aria-label', 'Switch to ' + (isDark() ? 'light' : 'dark') + ' colours'); };
const saved = store.get();
if (saved === 'dark' || saved === 'light') root.dataset.theme = saved;
theme.onclick = () => { root.dataset.theme = isDark() ? 'light' : 'dark'; store.set(root.dataset.theme); showTheme(); };
dark.addEventListener('change', showTheme);
showTheme();
document.querySelector('.top>div').append(theme);

// Numbers
const num = (v) => { const a = Math.abs(v); return a >= 100 || Number.isInteger(v) ? Math.round(v).toLocaleString('en-US') : String(Number(v.toPrecision(3))); };
const show = (v, unit) => {
  if (v === null) return '–';
  if (unit === 'ms') return v >= 1000 ? num(v / 1000) + ' s' : num(v) + ' ms';
  if (unit === 'bytes') return num(v / 1048576) + ' MiB';
  return num(v) + (unit === '%' ? ' %' : unit);
};

// Cursor
for (const stack of data.stacks) {
  const box = document.getElementById(stack.id);
  if (!box || stack.x.length === 0) continue;
  const plots = $('.plot', box);
  const lines = plots.map((plot) => {
    const line = document.createElementNS('http://www.w3.org/2000/svg', 'line');
    line.setAttribute('class', 'cur');
    line.setAttribute('y1', '0');
    line.setAttribute('y2', plot.firstElementChild.getAttribute('height') - (plot.querySelector('.m') ? 22 : 0));
    line.setAttribute('visibility', 'hidden');
    plot.firstElementChild.append(line);
    return line;
  });
  const time = stack.durationMs !== undefined;
  const label = (i) => time ? num(Math.round(stack.x[i] * stack.durationMs / 1e5) / 10) + ' s' : stack.labels[i];
  const range = make('input', { type: 'range', min: 0, max: stack.x.length - 1, step: 1, value: 0 });
  range.setAttribute('aria-label', stack.name || (time ? 'Moment in the run' : 'Percentile'));
  const out = make('output');
  const bar = make('div', { className: 'scrub' });
  bar.append(range, out);
  box.prepend(bar);
  const move = (i, link) => {
    const x = stack.x[i] / 10 + '%';
    for (const line of lines) { line.setAttribute('x1', x); line.setAttribute('x2', x); line.setAttribute('visibility', 'visible'); }
    const said = [label(i)];
    const texts = {};
    for (const c of stack.columns) {
      const text = c.label + ' ' + show(c.values[i], c.unit);
      texts[c.panel] = texts[c.panel] ? texts[c.panel] + ' · ' + text : text;
      said.push(text);
    }
    for (const id in texts) { const at = document.getElementById(id).querySelector('.at'); if (at) at.textContent = texts[id]; }
    range.value = i;
    range.setAttribute('aria-valuetext', said.join(', '));
    out.textContent = label(i);
    if (link && time) try { history.replaceState(null, '', '#' + stack.id + '=' + num(stack.x[i] * stack.durationMs / 1e6).replace(/,/g, '')); } catch { /* sandboxed */ }
  };
  range.oninput = () => move(+range.value);
  range.onchange = () => move(+range.value, true);
  for (const plot of plots) {
    const go = (event, link) => {
      const r = plot.getBoundingClientRect();
      const x = (event.clientX - r.left) / r.width * 1000;
      let best = 0;
      for (let i = 1; i < stack.x.length; i++) if (Math.abs(stack.x[i] - x) < Math.abs(stack.x[best] - x)) best = i;
      move(best, link);
    };
    plot.addEventListener('pointermove', (event) => go(event));
    plot.addEventListener('click', (event) => go(event, true));
  }
  stack.goTo = (sec) => {
    const x = sec * 1e6 / stack.durationMs;
    let best = 0;
    stack.x.forEach((v, i) => { if (Math.abs(v - x) < Math.abs(stack.x[best] - x)) best = i; });
    move(best);
    box.scrollIntoView();
  };
}

// Links to a moment (#stack=33.5) or to a place inside something folded
const follow = () => {
  const hash = decodeURIComponent(location.hash.slice(1));
  const [id, at] = hash.split('=');
  const stack = data.stacks.find((s) => s.id === id && s.goTo && s.durationMs);
  if (stack && at && Number.isFinite(+at)) return stack.goTo(+at);
  const target = hash && document.getElementById(hash);
  if (!target) return;
  for (let e = target; e; e = e.parentElement) if (e.tagName === 'DETAILS') e.open = true;
  target.scrollIntoView();
};
addEventListener('hashchange', follow);
follow();

// Sorting and copying
const exact = (cell) => cell.title || cell.textContent.trim();
const key = (cell) => { const n = Number(exact(cell).replace(/[,\\u00a0]/g, '').replace('−', '-').replace(/ .*$/, '')); return Number.isNaN(n) || exact(cell) === '' ? exact(cell) : n; };
// A head over several columns is none of theirs.
const heads = (table) => [...[...table.tHead.rows].at(-1).cells];
for (const table of $('table')) {
  const rows = () => [...table.tBodies[0].rows];
  if (table.classList.contains('sortable')) heads(table).forEach((th, column) => {
    const button = make('button', { type: 'button' });
    button.append(...th.childNodes);
    th.append(button);
    button.onclick = () => {
      const up = th.getAttribute('aria-sort') !== 'ascending';
      heads(table).forEach((other) => other.removeAttribute('aria-sort'));
      th.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      const side = up ? 1 : -1;
      table.tBodies[0].append(...rows().sort((a, b) => {
        const x = key(a.cells[column]), y = key(b.cells[column]);
        const nx = typeof x === 'number', ny = typeof y === 'number';
        if (nx !== ny) return nx ? -1 : 1; // What is unknown stays last.
        return side * (nx ? x - y : x.localeCompare(y));
      }));
    };
  });
  const copy = make('button', { type: 'button', className: 'btn copy', textContent: 'Copy as CSV' });
  copy.onclick = async () => {
    const quote = (text) => {
      const safe = /^[=+@\\t\\r-]/.test(text) && Number.isNaN(Number(text)) ? "'" + text : text;
      return /[",\\n]/.test(safe) ? '"' + safe.replace(/"/g, '""') + '"' : safe;
    };
    const head = heads(table).map((th) => quote([...(th.querySelector('button') || th).childNodes].map((n) => n.textContent.trim()).filter(Boolean).join(' ')));
    const csv = [head, ...rows().map((row) => [...row.cells].map((cell) => quote(exact(cell))))].map((r) => r.join(',')).join('\\n') + '\\n';
    let done = false;
    try { await navigator.clipboard.writeText(csv); done = true; } catch {
      const area = make('textarea', { value: csv });
      document.body.append(area);
      area.select();
      try { done = document.execCommand('copy'); } catch { /* said below */ }
      area.remove();
    }
    copy.textContent = done ? 'Copied' : 'Copying is not allowed here';
    setTimeout(() => { copy.textContent = 'Copy as CSV'; }, 1500);
  };
  table.caption.prepend(copy);
}
})();`;
