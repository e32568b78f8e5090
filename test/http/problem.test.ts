import { Problem, PROBLEMS, type ProblemCode } from '../../src/http/problem.js';

describe('the problems that clients match on', () => {
  it.each<[number, string]>([
    [400, 'invalid database name'],
    [400, 'unsupported database version'],
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'tenant not found'],
    [404, 'app not found'],
    [404, 'database not found'],
    [409, 'tenant is not ready'],
    [409, 'a database with this name already exists'],
    [409, 'idempotency key reused'],
    [429, 'database quota exceeded'],
  ])('have kept status %i and title "%s"', (status, title) => {
    expect(Object.values<{ status: number; title: string }>(PROBLEMS)).toContainEqual({ status, title });
  });

  it('have a title each', () => {
    const titles = Object.values(PROBLEMS).map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it.each(Object.keys(PROBLEMS) as ProblemCode[])('are written as RFC 9457 has it: %s', (code) => {
    expect(new Problem(code, 'do this').toJson('the-id')).toEqual({
      type: `urn:paasdb:problem:${code}`,
      ...PROBLEMS[code],
      detail: 'do this',
      code,
      requestId: 'the-id',
    });
  });
});
