import { generatePassword } from '../../../secrets/random.js';
import { scramVerifier } from '../../../secrets/scram.js';
import type { Rehearsal } from '../../runtime.js';
import { RuntimeError } from '../../runtime-error.js';
import type { StepDeps } from '../attempt.js';
import type { Making } from '../blueprints.js';
import type { Engine } from '../engine/engine.js';
import type { Execs } from '../engine/exec.js';
import { makeFresh } from '../load/fresh-database.js';
import { loadNames, type LoadNames } from '../load/load-names.js';
import { asSuperuser } from '../sql/superuser.js';
import { hasOnly, misplacedVolume } from '../mounts.js';
import { rehearsalRolesSql } from '../roles-sql.js';
import { PSQL } from '../settle-roles.js';
import { startFailure } from '../start-failure.js';
import { drillContainer, drillLabels } from './drill-container.js';

/** It initialises, which takes seconds, and has nothing to recover. */
const START_MS = 3 * 60_000;
const ROLES_MS = 60_000;

/** Over TCP, where the temporary server of the initialisation does not listen. It waits in the container. */
const UNTIL_READY = 'until pg_isready --quiet --host=127.0.0.1 --username=postgres; do sleep 0.2; done';

export interface OpenDrillDeps extends Pick<StepDeps, 'engine' | 'images' | 'prefix' | 'names'> {
  making: Pick<Making, 'postgresImage'>;
}

export interface OpenedDrill {
  containerId: string;
  archivePath: string;
  /** The database to restore into, and who restores: just as for a load, and no superuser. */
  database: string;
  role: string;
}

/** Makes an empty PostgreSQL with the roles of a tenant, and resolves when it answers. */
export async function openDrill(
  { engine, images, prefix, names, making }: OpenDrillDeps,
  rehearsal: Rehearsal,
  onPercent: (percent: number) => void,
  signal: AbortSignal,
): Promise<OpenedDrill> {
  const { backupId, engineVersion } = rehearsal;
  const name = names.drill(backupId);
  const reference = making.postgresImage.replaceAll('{version}', String(engineVersion));
  const image = await images.ensure(reference, onPercent, signal);
  const drill = drillContainer(rehearsal, { prefix, name, image, password: generatePassword() });
  await engine.volumes.create(name, drillLabels(prefix, backupId), signal);
  const containerId = await engine.containers.create(name, drill.body, signal);
  const made = await engine.containers.inspect(containerId, signal);
  if (made && !hasOnly(made.mounts, drill.mount)) {
    throw misplacedVolume({ image: reference, mount: drill.mount }, made.mounts);
  }
  await engine.containers.start(containerId, signal);
  await awaitReady(engine, containerId, signal);
  await makeRoles(engine.execs, containerId, signal);
  const { fresh, role } = await makeDatabase(engine.execs, containerId, backupId, signal);
  return { containerId, archivePath: drill.archivePath, database: fresh, role };
}

async function awaitReady(engine: Engine, containerId: string, signal: AbortSignal): Promise<void> {
  const request = { containerId, program: 'pg_isready', argv: ['sh', '-c', UNTIL_READY], user: 'postgres' };
  try {
    const { exitCode } = await engine.execs.run({ ...request, stdin: '', deadlineMs: START_MS }, signal);
    if (exitCode === 0) return;
    throw new RuntimeError('unavailable', `Waiting for PostgreSQL ended with ${exitCode}`);
  } catch (error) {
    const container = signal.aborted ? null : await engine.containers.inspect(containerId, signal);
    throw container ? await startFailure(engine, 'PostgreSQL', container, signal) : error;
  }
}

async function makeRoles(execs: Execs, containerId: string, signal: AbortSignal): Promise<void> {
  const stdin = rehearsalRolesSql();
  const request = { containerId, argv: PSQL, user: 'postgres', stdin, deadlineMs: ROLES_MS };
  const { exitCode, stderr } = await execs.run(request, signal);
  if (exitCode === 0) return;
  const said = stderr.trim() || 'it said nothing';
  throw new RuntimeError('unavailable', `Setting up the roles failed: psql ended with ${exitCode} (${said})`);
}

/** The same that a load makes, so that what one of them cannot restore, the other cannot. */
async function makeDatabase(
  execs: Execs,
  containerId: string,
  backupId: string,
  signal: AbortSignal,
): Promise<LoadNames> {
  const names = loadNames(backupId);
  // It comes over the socket, which asks for no password.
  const statements = makeFresh(names, { verifier: scramVerifier(generatePassword()), keepsOwners: true });
  await asSuperuser(
    execs,
    containerId,
    async (session) => {
      for (const statement of statements) await session.run(statement);
    },
    signal,
  );
  return names;
}
