import { sourceFailure } from '../../../../src/runtime/docker/source/source-failure.js';

const AT = 'psql: error: connection to server at "db.example.org" (203.0.113.7), port 5432 failed: ';
const failureOf = (said: string, password = 'hush') => sourceFailure(said, { password });

it.each([
  [`${AT}timeout expired`, /did not answer within 15 s/],
  [`${AT}Connection refused\n\tIs the server running on that host?`, /Nothing listens there/],
  [`${AT}Network is unreachable`, /by IPv4/],
  [`${AT}FATAL:  password authentication failed for user "reader"`, /refused the user or the password/],
  [`${AT}fe_sendauth: no password supplied`, /the URL has none/],
  [
    `${AT}FATAL:  no pg_hba.conf entry for host "1.2.3.4", user "u", database "d", no encryption`,
    /lets nobody in.*sslmode=require/,
  ],
  [
    `${AT}FATAL:  no pg_hba.conf entry for host "1.2.3.4", user "u", database "d", SSL encryption`,
    /Allow this host in its pg_hba\.conf/,
  ],
  [`${AT}server does not support SSL, but SSL was required`, /It has no TLS/],
  [`${AT}SSL error: certificate verify failed`, /certificate could not be verified/],
  [`${AT}FATAL:  database "x" does not exist`, /no such database/],
  [`${AT}FATAL:  role "x" does not exist`, /no such user/],
  ['pg_dump: error: query failed: ERROR:  permission denied for table t', /GRANT pg_read_all_data/],
  ['pg_dump: error: something new', /could not be read \(something new\)/],
])('%s', (said, message) => {
  expect(failureOf(said)).toMatchObject({
    code: 'source_unusable',
    retryable: false,
    message: expect.stringMatching(message),
  });
});

it.each([
  'pg_dump: error: query failed: server closed the connection unexpectedly',
  'pg_dump: error: query failed: ERROR:  canceling statement due to statement timeout',
  `${AT}FATAL:  sorry, too many clients already`,
])('tries again after: %s', (said) => {
  expect(failureOf(said)).toMatchObject({ code: 'dump_failed', retryable: true });
});

it('tells a full disk of ours from what is wrong with the source', () => {
  expect(failureOf('pg_dump: error: could not write to file: No space left on device')).toMatchObject({
    code: 'no_space',
  });
});

it('tells neither the password nor all that a server says', () => {
  const { message } = failureOf(`FATAL:  you said hush\u001b[31m ${'x'.repeat(5_000)}`);
  expect(message).toContain('you said [password]');
  expect(message).not.toContain('hush');
  expect(message).not.toContain('\u001b');
  expect(message.length).toBeLessThan(800);
});
