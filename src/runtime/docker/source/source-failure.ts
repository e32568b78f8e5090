import type { SourceServer } from '../../runtime.js';
import { RuntimeError, type RuntimeErrorCode } from '../../runtime-error.js';
import { NO_SPACE } from '../sql/sql-error.js';
import { CONNECT_S } from './source-connection.js';

/** What can be done about what libpq or the source's PostgreSQL said. The first that fits. */
const ADVICE: readonly { pattern: RegExp; code?: RuntimeErrorCode; advice: string }[] = [
  { pattern: /no space left on device/i, code: 'no_space', advice: NO_SPACE },
  {
    pattern: /timeout expired/,
    advice: `It did not answer within ${CONNECT_S} s: does a firewall let this host through, and is the port right?`,
  },
  {
    pattern: /connection refused/i,
    advice: 'Nothing listens there: is the port right, and does it listen on this address?',
  },
  {
    pattern: /no route to host|network is unreachable|host is unreachable/i,
    advice: 'It cannot be reached from here, which is by IPv4: is the host right?',
  },
  {
    pattern: /no password supplied/,
    advice: 'It asks for a password, and the URL has none',
  },
  { pattern: /password authentication failed/, advice: 'It refused the user or the password' },
  {
    pattern: /no pg_hba\.conf entry.*(no encryption|SSL off)/,
    advice:
      'Without TLS it lets nobody in from here: use sslmode=require, or allow this host in its pg_hba.conf',
  },
  { pattern: /no pg_hba\.conf entry|pg_hba\.conf rejects/, advice: 'Allow this host in its pg_hba.conf' },
  { pattern: /server does not support SSL/, advice: 'It has no TLS: use sslmode=disable if that may be' },
  {
    pattern: /certificate verify failed|does not match host name|root certificate/i,
    advice: 'Its certificate could not be verified: use the name that it is made for, or sslmode=require',
  },
  { pattern: /database "[^]*" does not exist/, advice: 'It has no such database' },
  { pattern: /role "[^]*" (does not exist|is not permitted to log in)/, advice: 'It has no such user' },
  {
    pattern: /too many (clients|connections)|connection slots/i,
    code: 'dump_failed',
    advice: 'It has no connection to spare: try again later',
  },
  {
    pattern: /lock timeout|statement timeout/i,
    code: 'dump_failed',
    advice: 'Somebody holds a lock there, as a migration does: try again when it is done',
  },
  {
    pattern: /permission denied/i,
    advice: 'Its user may not read everything: GRANT pg_read_all_data to it, or use the owner',
  },
  {
    pattern: /row-level security/i,
    advice: 'Policies hide rows from its user: use one with BYPASSRLS, or the owner',
  },
  {
    pattern:
      /server closed the connection|SSL connection has been closed|SSL SYSCALL|could not receive data|terminating connection|database system is/i,
    code: 'dump_failed',
    advice: 'The connection to it was lost: try again',
  },
];

const TOLD_LENGTH = 600;

/**
 * An error for what a program said that did not get on with the source.
 *
 * @param said by the source too, which may want to harm: its text is shortened, and the password taken out
 */
export function sourceFailure(said: string, server: Pick<SourceServer, 'password'>): RuntimeError {
  const known = ADVICE.find(({ pattern }) => pattern.test(said));
  const code = known?.code ?? 'source_unusable';
  const told = tellable(said, server);
  const advice = known?.advice ?? 'It could not be read';
  return new RuntimeError(
    code,
    code === 'no_space' ? advice : `The source cannot be used: ${advice} (${told})`,
  );
}

function tellable(said: string, { password }: Pick<SourceServer, 'password'>): string {
  const whole = password === '' ? said : said.replaceAll(password, '[password]');
  const lines = whole
    .replaceAll(/^(psql|pg_dump): (error|fatal): /gm, '')
    // eslint-disable-next-line no-control-regex -- they are what is to go
    .replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const text = lines.join(' | ') || 'nothing was said';
  return text.length > TOLD_LENGTH ? `${text.slice(0, TOLD_LENGTH)}…` : text;
}
