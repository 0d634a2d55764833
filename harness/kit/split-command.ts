/**
 * Splits a command as a shell would, without a shell: no variables, no wildcards, no pipes. Commands are started
 * directly, so that a signal reaches the program itself and a path with a blank in it stays one argument.
 */
import { HarnessError } from '../contract/errors.ts';

/** What a shell would act upon; handed over as an argument it would only surprise. */
const OPERATORS: ReadonlySet<string> = new Set(['&&', '||', '|', ';', '&', '>', '>>', '<', '2>&1']);

/**
 * `node "my server.js" --port 80` → `['node', 'my server.js', '--port', '80']`. Quotes and backslashes as in a shell.
 *
 * @throws HarnessError BAD_PARAMETER for an open quote, an operator of the shell, or nothing at all
 */
export function splitCommand(text: string): [string, ...string[]] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  let wasQuoted = false;
  const end = (): void => {
    if (word === null) return;
    if (!wasQuoted && OPERATORS.has(word))
      throw new HarnessError('BAD_PARAMETER', `'${word}' in '${text}' is for a shell, and commands run without one`, {
        hint: `name a program with its arguments, or a shell: sh -c '…'`,
      });
    words.push(word);
    word = null;
    wasQuoted = false;
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quote === "'" ? c === "'" : quote === '"' && c === '"') quote = null;
    else if (c === '\\' && quote !== "'" && i + 1 < text.length) word = (word ?? '') + text[++i]!;
    else if (quote !== null) word = (word ?? '') + c;
    else if (c === '"' || c === "'") {
      quote = c;
      word ??= '';
      wasQuoted = true;
    } else if (/\s/.test(c)) end();
    else word = (word ?? '') + c;
  }
  if (quote !== null) throw new HarnessError('BAD_PARAMETER', `the quote ${quote} in '${text}' is not closed`);
  end();
  const [first, ...rest] = words;
  if (first === undefined || first === '') throw new HarnessError('BAD_PARAMETER', 'the command is empty');
  return [first, ...rest];
}
