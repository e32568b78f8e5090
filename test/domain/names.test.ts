import { isId, isName } from '../../src/domain/names.js';

describe('a name', () => {
  it.each(['ab', 'main', 'a1', 'a-', 'a--b', 'x'.repeat(63), 'template0', 'pgbouncer', 'pg-x'])(
    'may be %s',
    (name) => {
      expect(isName(name)).toBe(true);
    },
  );

  it.each([
    '',
    'a',
    'x'.repeat(64),
    '1ab',
    '-ab',
    'Main',
    'a_b',
    'pg_x',
    'a.b',
    'a b',
    ' main',
    'main ',
    'main\n',
    'ma\nin',
    'main\0',
    '"main"',
    `main'`,
    '$(id)',
    '`id`',
    '../main',
    '--',
    'a/b',
    'a%2fb',
    'mäin',
    'ｍａｉｎ',
    'main🙂',
  ])('may not be %j', (name) => {
    expect(isName(name)).toBe(false);
  });
});

describe('an id', () => {
  it.each(['0123456789abcdef', '9zzzzzzzzzzzzzzz'])('may be %s', (id) => {
    expect(isId(id)).toBe(true);
    expect(isName(id)).toBe(false);
  });

  it.each([
    '',
    '0',
    'a123456789abcdef',
    '0123456789abcde',
    '0123456789abcdef0',
    '0123456789ABCDEF',
    '0123456789-bcdef',
    '0123456789abcdef\n',
  ])('may not be %j', (id) => {
    expect(isId(id)).toBe(false);
  });
});
