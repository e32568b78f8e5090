import type { DatabaseSpec } from '../runtime.js';
import type { RuntimeErrorCode } from '../runtime-error.js';
import {
  isTrusted,
  type Observation,
  type PoolerObservation,
  type PostgresObservation,
} from './observation.js';
import { step, type Step, type StepKind } from './step.js';

/**
 * What to do about what there is.
 *
 * A volume is trusted when the store says that it was ready once (`holdsData`), or when it carries the marker
 * that is written at the end of its initialisation. A trusted volume is never removed, replaced nor started by
 * anything that did not write it. Any other was never ready, and is made anew as soon as it is in doubt.
 */
export type Plan =
  | { outcome: 'converged' }
  /** `complete`: once the steps are done, nothing is missing. Otherwise there is more to see before deciding. */
  | { outcome: 'steps'; steps: readonly Step[]; complete: boolean }
  | { outcome: 'refused'; code: RuntimeErrorCode; reason: string };

type Part = { kinds: readonly StepKind[]; complete: boolean } | { code: RuntimeErrorCode; reason: string };

export function plan(spec: DatabaseSpec, seen: Observation): Plan {
  if (seen.network === 'foreign') {
    return refused(
      'conflict',
      "The org's network has the name of one that paasdb did not make, or is not internal",
    );
  }
  const postgres = planPostgres(spec, seen);
  if ('code' in postgres) return refused(postgres.code, postgres.reason);
  const pooler = planPooler(seen);
  const kinds: StepKind[] = [
    ...(seen.network === 'missing' ? (['ensure-network'] as const) : []),
    ...postgres.kinds,
    ...pooler,
  ];
  if (kinds.length === 0) return { outcome: 'converged' };
  if (postgres.complete) kinds.push('verify-login');
  return { outcome: 'steps', steps: [...new Set(kinds)].map(step), complete: postgres.complete };
}

function planPostgres(spec: DatabaseSpec, { volume, volumeUser, postgres }: Observation): Part {
  switch (volume) {
    case 'foreign':
      return {
        code: 'conflict',
        reason: 'A volume that paasdb did not make has the name of the one it needs',
      };
    case 'missing':
      if (spec.holdsData) {
        return {
          code: 'data_missing',
          reason: 'The volume with the data is gone. Nothing was put in its place',
        };
      }
      return steps(
        postgres && 'remove-postgres',
        'ensure-postgres-image',
        'create-volume',
        'create-postgres',
        ...STARTED,
      );
    case 'ours':
      if (volumeUser !== null) {
        return {
          code: 'conflict',
          reason: `Container ${volumeUser} runs on the volume: two would destroy it`,
        };
      }
      // The marker can be read through a container only, which need not be started for that.
      if (!postgres) return incomplete('ensure-postgres-image', 'create-postgres');
      if (!postgres.onVolume)
        return incomplete('ensure-postgres-image', 'remove-postgres', 'create-postgres');
      return planOnVolume(spec, postgres);
  }
}

function planOnVolume(spec: DatabaseSpec, postgres: PostgresObservation): Part {
  const { marker, container, current, attached, hasCluster, libc } = postgres;
  if (marker === 'unreadable') {
    return { code: 'data_mismatch', reason: "The volume's paasdb.json is not one that paasdb wrote" };
  }
  if (!isTrusted(spec, { postgres })) {
    const stillFirstStart = container.status === 'running' && !container.hasStopped && current && attached;
    if (stillFirstStart) return steps('await-postgres', 'settle-roles');
    // A container that was stopped in its initialisation takes what is there for a whole cluster.
    return steps(
      'remove-postgres',
      'remove-volume',
      'ensure-postgres-image',
      'create-volume',
      'create-postgres',
      ...STARTED,
    );
  }
  if (marker && marker.databaseId !== spec.id && !spec.holdsData) {
    return {
      code: 'conflict',
      reason: `The volume holds the data of another database, ${marker.databaseId}`,
    };
  }
  if (marker && marker.major !== spec.engineVersion) {
    const reason = `The volume was written by PostgreSQL ${marker.major} and is not to be opened by ${spec.engineVersion}`;
    return { code: 'data_mismatch', reason };
  }
  if (!hasCluster) {
    return {
      code: 'data_missing',
      reason: 'The volume should hold data and is empty. Nothing was started on it',
    };
  }
  const starts = startsOf(postgres);
  if (starts === 'as it is' && current && attached) return planRunning(postgres);
  if (libc === null) return incomplete('ensure-postgres-image');
  if (marker && libc !== 'not-needed' && libc !== marker.libc) {
    const reason =
      `The volume was written by PostgreSQL on ${marker.libc} libc, and the image has ${libc}: ` +
      'text would be sorted otherwise than its indexes are. Choose an image of the same kind, or dump and restore';
    return { code: 'data_mismatch', reason };
  }
  if (!current || !attached || starts === 'not any more') {
    return steps('ensure-postgres-image', 'remove-postgres', 'create-postgres', ...STARTED);
  }
  return steps(
    starts === 'unpaused' ? 'unpause-postgres' : 'start-postgres',
    'await-postgres',
    'settle-roles',
  );
}

function planRunning({ login }: PostgresObservation): Part {
  switch (login) {
    case 'works':
    case 'busy':
      return steps();
    case 'refused':
      return steps('settle-roles');
    case 'unreachable':
    case 'unknown':
      return steps('await-postgres', 'settle-roles');
  }
}

function planPooler({ pooler, network }: Observation): StepKind[] {
  const anew = ['ensure-pooler-image', 'create-pooler', 'write-pooler-files', 'start-pooler'] as const;
  if (!pooler) return [...anew];
  const starts = startsOf(pooler);
  // It refuses what PostgreSQL accepts: its files are not what its label says.
  const misled = pooler.login === 'refused';
  const attached = pooler.attached && network === 'ours';
  if (!pooler.current || !attached || misled || starts === 'not any more') return ['remove-pooler', ...anew];
  switch (starts) {
    case 'as it is':
      // Where PostgreSQL has steps to do, a login follows anyway.
      return pooler.login === 'unreachable' ? ['verify-login'] : [];
    case 'started':
      // One that was never started may lack its files.
      return pooler.container.status === 'created'
        ? ['write-pooler-files', 'start-pooler']
        : ['start-pooler'];
    case 'unpaused':
      return ['unpause-pooler'];
  }
}

/** How a container comes to run. */
function startsOf({
  container,
}: PostgresObservation | PoolerObservation): 'as it is' | 'started' | 'unpaused' | 'not any more' {
  switch (container.status) {
    // Docker is about to start one that restarts.
    case 'running':
    case 'restarting':
      return 'as it is';
    case 'created':
    case 'exited':
      return 'started';
    case 'paused':
      return 'unpaused';
    case 'removing':
    case 'dead':
      return 'not any more';
  }
}

const STARTED = ['start-postgres', 'await-postgres', 'settle-roles'] as const;

function steps(...kinds: (StepKind | null)[]): Part {
  return { kinds: kinds.filter((kind) => kind !== null), complete: true };
}

function incomplete(...kinds: StepKind[]): Part {
  return { kinds, complete: false };
}

function refused(code: RuntimeErrorCode, reason: string): Plan {
  return { outcome: 'refused', code, reason };
}
