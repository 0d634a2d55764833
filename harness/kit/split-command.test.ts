import { expect, test } from 'vitest';
import { splitCommand } from './split-command.ts';

test.each<[string, string[]]>([
  ['node server.js', ['node', 'server.js']],
  ['  node   server.js  --port 80 ', ['node', 'server.js', '--port', '80']],
  [`node "my server.js" 'a "quoted" word'`, ['node', 'my server.js', 'a "quoted" word']],
  [String.raw`node my\ server.js "a \"b\"" 'c:\d'`, ['node', 'my server.js', 'a "b"', String.raw`c:\d`]],
  [`node -e "" '|'`, ['node', '-e', '', '|']],
  ['echo $HOME *.js', ['echo', '$HOME', '*.js']],
])('%s', (text, words) => {
  expect(splitCommand(text)).toEqual(words);
});

test.each<[string, RegExp]>([
  ['cd service && node server.js', /'&&' in .* is for a shell/],
  ['node server.js | tee log', /'\|' in/],
  [`node "server.js`, /quote " .* is not closed/],
  ['   ', /the command is empty/],
])('%s is refused', (text, message) => {
  expect(() => splitCommand(text)).toThrow(message);
});
