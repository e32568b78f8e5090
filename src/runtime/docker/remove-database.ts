import type { ApplyOptions, RemovableDatabase } from '../runtime.js';
import { RuntimeError } from '../runtime-error.js';
import type { StepDeps } from './attempt.js';
import type { ListedContainer } from './engine/container.js';
import { carries } from './engine/label-filter.js';
import { isGoing } from './is-going.js';
import { containerFilter, kindLabels, LABEL, volumeIdentity } from './labels.js';
import { POOLER_STOP_S } from './pooler-container.js';
import { removeVolume } from './remove-volume.js';
import { isMarked, stopAnyPostgres } from './stop-postgres.js';

type Deps = Pick<StepDeps, 'engine' | 'prefix' | 'names'>;

/** Removes all of a database but data. What is gone already is removed. */
export async function removeDatabase(
  deps: Deps,
  database: RemovableDatabase,
  { signal, onProgress = () => undefined }: ApplyOptions,
): Promise<{ volumeKept: boolean }> {
  const { engine, prefix, names } = deps;
  const containers = await engine.containers.list(containerFilter(prefix, database.id), signal);
  // While there is a container through which it can be seen.
  const volumeKept = await mayHoldData(deps, database, containers, signal);
  const total = containers.length + 1;
  let done = 0;
  const report = (step: string) => onProgress({ step, done, total });

  const stop = async ({ id, labels }: ListedContainer) => {
    if (labels[LABEL.kind] !== 'postgres') return engine.containers.stop(id, POOLER_STOP_S, signal);
    return stopAnyPostgres(engine, { id, major: Number(labels[LABEL.version]) }, signal);
  };
  report('Stopping PostgreSQL and the pooler');
  await Promise.all(
    containers.map(async (container) => {
      await stop(container);
      // Never with volumes of PostgreSQL's, whatever they are.
      await engine.containers.remove(container.id, container.labels[LABEL.kind] === 'pooler', signal);
      done += 1;
      report('Removing the containers');
    }),
  );
  const poolerIdentity = { ...kindLabels(prefix, 'pooler-config'), [LABEL.database]: database.id };
  await removeVolume(engine, names.poolerVolume(database.id), poolerIdentity, signal);
  if (!volumeKept && (await hasOwnVolume(deps, database, signal))) {
    const { volumeId } = database;
    await removeVolume(engine, names.volume(volumeId), volumeIdentity(prefix, volumeId), signal);
  }
  done += 1;
  report('Removed');
  return { volumeKept };
}

/**
 * Whether the volume may be anybody's data. One that no container has cannot be looked into: a removal that was
 * broken off may have found data in it, so it is kept.
 */
async function mayHoldData(
  deps: Deps,
  { holdsData, ...database }: RemovableDatabase,
  containers: readonly ListedContainer[],
  signal: AbortSignal,
): Promise<boolean> {
  const { engine } = deps;
  if (holdsData) return true;
  const postgres = containers.find(({ labels }) => labels[LABEL.kind] === 'postgres');
  if (!(await hasOwnVolume(deps, database, signal))) return false;
  if (!postgres) return true;
  if (await isMarked(engine, { id: postgres.id, major: database.engineVersion }, signal)) return true;
  const container = await engine.containers.inspect(postgres.id, signal);
  if (!isGoing(container)) return false;
  // Docker could not remove it, and nobody can look into it any more.
  if (container?.status === 'dead') return true;
  throw new RuntimeError('unavailable', 'The PostgreSQL container was removed while it was looked at');
}

async function hasOwnVolume(
  { engine, prefix, names }: Deps,
  { volumeId }: Pick<RemovableDatabase, 'volumeId'>,
  signal: AbortSignal,
): Promise<boolean> {
  const volume = await engine.volumes.inspect(names.volume(volumeId), signal);
  return volume !== null && carries(volume.labels, volumeIdentity(prefix, volumeId));
}
