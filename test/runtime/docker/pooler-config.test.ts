import { poolerFiles } from '../../../src/runtime/docker/pooler-config.js';
import { sampleSpec } from './sample-spec.js';

it('writes the ini that PgBouncer reads', () => {
  const files = poolerFiles(sampleSpec(), 'paas-db-1a');
  expect(files['pgbouncer.ini']).toMatch(
    /^\[databases\]\napp = host='paas-db-1a' port='5432' dbname='app'\n\n\[pgbouncer\]\n/,
  );
  expect(files['pgbouncer.ini'].split('\n')).toEqual(
    expect.arrayContaining([
      'listen_addr = *',
      'listen_port = 6432',
      'unix_socket_dir =',
      'auth_type = scram-sha-256',
      'pool_mode = transaction',
      'default_pool_size = 20',
      'max_client_conn = 100',
      'max_prepared_statements = 200',
      'admin_users =',
      'stats_users =',
    ]),
  );
});

it('writes the verifier and never the password', () => {
  const { login } = sampleSpec();
  const files = poolerFiles(sampleSpec(), 'h');
  expect(files['userlist.txt']).toBe(`"app" "${login.verifier}"\n`);
  expect(files['pgbouncer.ini'] + files['userlist.txt']).not.toContain(login.password);
});

it('escapes quotes', () => {
  const login = { role: 'a"b', password: '', verifier: 'x"y' };
  const files = poolerFiles(sampleSpec({ login }), "h' dbname='other");
  expect(files['userlist.txt']).toBe('"a""b" "x""y"\n');
  expect(files['pgbouncer.ini']).toContain("host='h'' dbname=''other' port=");
});

it.each(['\n', '\r', '\0'])('refuses %j, which would begin a setting of its own', (character) => {
  const login = { role: `a${character}b`, password: '', verifier: '' };
  expect(() => poolerFiles(sampleSpec({ login }), 'h')).toThrow(TypeError);
  expect(() => poolerFiles(sampleSpec(), `h${character}`)).toThrow(TypeError);
});
