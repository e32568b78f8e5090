import { dsnsOf, variablesOf } from '../../src/domain/environment.js';

const ENDPOINTS = { host: 'pool', port: 6432, directHost: 'direct', directPort: 5432 };

describe('the URLs of a database', () => {
  it('lead through the pooler and straight to PostgreSQL', () => {
    expect(dsnsOf(ENDPOINTS, { role: 'app', password: 'secret' })).toEqual({
      dsn: 'postgresql://app:secret@pool:6432/app',
      directDsn: 'postgresql://app:secret@direct:5432/app',
    });
  });

  it('carry any password', () => {
    const password = 'a@b:c/d?e#f%g "h"';
    const { dsn } = dsnsOf(ENDPOINTS, { role: 'app', password });
    const url = new URL(dsn);
    expect(decodeURIComponent(url.password)).toBe(password);
    expect(url.host).toBe('pool:6432');
  });
});

describe('the variables of a database', () => {
  const dsns = { dsn: 'pooled', directDsn: 'direct' };

  it.each([
    ['main', 'DATABASE_URL', 'DATABASE_DIRECT_URL'],
    ['reporting', 'REPORTING_DATABASE_URL', 'REPORTING_DATABASE_DIRECT_URL'],
    ['read-model-2', 'READ_MODEL_2_DATABASE_URL', 'READ_MODEL_2_DATABASE_DIRECT_URL'],
  ])('of %s are %s and %s', (name, pooled, direct) => {
    expect(variablesOf(name, dsns)).toEqual({ [pooled]: 'pooled', [direct]: 'direct' });
  });
});
