import { Lines } from '../../../../src/runtime/docker/engine/lines.js';

function linesOf(text: string, size: number, limit?: number): string[] {
  const lines: string[] = [];
  const reader = new Lines((line) => lines.push(line), limit);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) reader.add(bytes.subarray(at, at + size));
  reader.end();
  return lines;
}

it.each([1, 2, 3, 100])('finds lines in pieces of %i bytes', (size) => {
  expect(linesOf('größe\n\nlast', size)).toEqual(['größe', '', 'last']);
});

it('keeps the beginning of a line that is too long', () => {
  expect(linesOf(`${'x'.repeat(1000)}\nnext\n`, 7, 10)).toEqual(['x'.repeat(10), 'next']);
});
