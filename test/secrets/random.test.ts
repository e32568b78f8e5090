import { isName } from '../../src/domain/names.js';
import { generateId, generatePassword, generateToken } from '../../src/secrets/random.js';

const many = (make: () => string) => Array.from({ length: 500 }, make);

describe('an id', () => {
  it('has 16 lower-case letters and digits and begins with a digit', () => {
    for (const id of many(generateId)) expect(id).toMatch(/^[0-9][0-9a-z]{15}$/);
  });

  it('is never a name', () => {
    expect(many(generateId).filter(isName)).toEqual([]);
  });

  it('does not repeat', () => {
    expect(new Set(many(generateId)).size).toBe(500);
  });
});

describe('a password', () => {
  it('has 32 letters and digits, which need no escaping in a URL, SQL or an ini file', () => {
    for (const password of many(generatePassword)) expect(password).toMatch(/^[0-9A-Za-z]{32}$/);
  });

  it('uses its whole alphabet', () => {
    expect(new Set(many(generatePassword).join('')).size).toBe(62);
  });

  it('does not repeat', () => {
    expect(new Set(many(generatePassword)).size).toBe(500);
  });
});

describe('a token', () => {
  it('names its id and holds 256 bits', () => {
    expect(generateToken('3abc')).toMatch(/^paasdb_3abc_[0-9a-f]{64}$/);
  });

  it('does not repeat', () => {
    expect(new Set(many(() => generateToken('1'))).size).toBe(500);
  });
});
