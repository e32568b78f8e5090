import { rehearsalRolesSql, rolesSql } from '../../../src/runtime/docker/roles-sql.js';

const login = { role: 'app', password: 'hush', verifier: "SCRAM$'\\" };

it('lets one login in, the other out, and the superuser inside the container only', () => {
  const sql = rolesSql({ databaseId: '1a', major: 17, login });
  expect(sql).toContain(
    `ALTER ROLE "app" NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT LOGIN PASSWORD E'SCRAM$''\\\\';`,
  );
  expect(sql).toMatch(/ALTER ROLE "app_b" .* NOLOGIN PASSWORD NULL;/);
  expect(sql).toContain('ALTER ROLE postgres PASSWORD NULL;');
  expect(sql).not.toContain('hush');
});

it('keeps the verifier out of the log before it says it', () => {
  const lines = rolesSql({ databaseId: '1a', major: 17, login }).split('\n');
  expect(lines[0]).toBe('SET log_min_error_statement = panic;');
});

it('runs nothing of a tenant’s, and waits for no lock without end', () => {
  const lines = rolesSql({ databaseId: '1a', major: 17, login }).split('\n');
  for (const line of ['SET search_path = pg_catalog;', `SET lock_timeout = '30s';`]) {
    expect(lines).toContain(line);
    expect(lines.indexOf(line)).toBeLessThan(lines.indexOf('BEGIN;'));
  }
});

it.each([
  [17, '/var/lib/postgresql/data/paasdb.json'],
  [18, '/var/lib/postgresql/paasdb.json'],
])('writes the marker of %i last, after the commit', (major, path) => {
  const sql = rolesSql({ databaseId: "1'a", major, login });
  expect(sql.indexOf('COPY (')).toBeGreaterThan(sql.indexOf('COMMIT;'));
  expect(sql).toContain(`TO E'${path}';`);
  expect(sql).toContain("'database', E'1''a'");
});

it('knows two login roles and no other', () => {
  expect(() => rolesSql({ databaseId: '1a', major: 17, login: { ...login, role: 'postgres' } })).toThrow(
    TypeError,
  );
});

it('lets nobody in where a dump is only tried out, and marks nothing', () => {
  const sql = rehearsalRolesSql();
  for (const role of ['app_owner', 'app', 'app_b']) {
    expect(sql).toMatch(new RegExp(`ALTER ROLE "${role}" .* NOLOGIN PASSWORD NULL;`));
  }
  expect(sql).not.toContain('COPY');
});
