import { readFileSync } from 'node:fs';
import { SETTINGS } from '../src/settings.js';

/** The rows of the README's table of settings, as `name | default | meaning`. */
function documentedSettings(): string[] {
  const table =
    /<!-- settings -->(.*?)<!-- \/settings -->/s.exec(readFileSync('README.md', 'utf8'))?.[1] ?? '';
  return table
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim())
        .join(' | '),
    );
}

test('the README lists every setting with its default and its meaning, and no other', () => {
  expect(documentedSettings()).toEqual(
    SETTINGS.map(
      ({ name, default: value, meaning }) =>
        `\`PAASDB_${name}\` | ${value === '' ? '' : `\`${value}\``} | ${meaning}`,
    ),
  );
});
