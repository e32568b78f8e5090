import { identifier, literal } from '../../../../src/runtime/docker/sql/quote.js';

it('quotes identifiers and literals', () => {
  expect(identifier('a"b')).toBe('"a""b"');
  expect(literal("a'b\\c")).toBe("E'a''b\\\\c'");
  expect(() => literal('\0')).toThrow(TypeError);
  expect(() => identifier('\0')).toThrow(TypeError);
});
