import type { DatabaseSpec } from '../runtime.js';
import { RuntimeError } from '../runtime-error.js';
import { dataLayout } from './data-layout.js';
import type { Engine } from './engine/engine.js';
import { rolesSql } from './roles-sql.js';
import { InterruptedError } from './interrupted-error.js';
import { withoutSecrets } from './without-secrets.js';

const DEADLINE_MS = 60_000;

/** What Docker gives as the exit code of a program that it did not get to run. psql ends with 0 to 3. */
const NEVER_RAN = 126;
/** What psql ends with when it gets no connection, or loses it: PostgreSQL is being stopped, or is half-made. */
const NO_CONNECTION = 2;
/** From here on a program was ended by a signal, as when its container is stopped. */
const KILLED = 128;

/**
 * In the database `postgres`, where no tenant can make anything: in the tenant's own a function or a setting of
 * theirs would be run by the superuser. -X and -q: no settings of the image's, nothing printed unasked.
 */
export const PSQL = [
  'psql',
  '-X',
  '-q',
  '-A',
  '-t',
  '-v',
  'ON_ERROR_STOP=1',
  '-U',
  'postgres',
  '-d',
  'postgres',
];

/**
 * Sets up roles and ownership, writes the marker, and asserts that the data lies in the volume. The SQL goes
 * over stdin: arguments show in `docker events` and in the process list.
 */
export async function settleRoles(
  engine: Engine,
  containerId: string,
  spec: DatabaseSpec,
  signal: AbortSignal,
): Promise<void> {
  const sql = rolesSql({ databaseId: spec.id, major: spec.engineVersion, login: spec.login });
  const request = { containerId, argv: PSQL, user: 'postgres', stdin: sql, deadlineMs: DEADLINE_MS };
  const { exitCode, stdout, stderr } = await engine.execs.run(request, signal);
  const dataDirectory = stdout.trim();
  // A connection that breaks looks like a program that never ran, or like an answer that is empty.
  if (stderr === '' && (exitCode === NEVER_RAN || (exitCode === 0 && dataDirectory === ''))) {
    const message = 'Docker lost the connection over which the roles were set up';
    throw new InterruptedError(message, { cause: new RuntimeError('unavailable', message) });
  }
  if (exitCode !== 0) {
    const message = `Setting up the roles failed: psql ended with ${exitCode} (${withoutSecrets(stderr.trim())})`;
    if (exitCode === NO_CONNECTION || exitCode > KILLED) throw new InterruptedError(message);
    throw new RuntimeError('start_failed', message);
  }
  const { dataPath } = dataLayout(spec.engineVersion);
  if (dataDirectory !== dataPath) {
    const message = `PostgreSQL keeps its data in ${dataDirectory} and not in ${dataPath}, where the volume is mounted`;
    throw new RuntimeError('image_unusable', message);
  }
}
