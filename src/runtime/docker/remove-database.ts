import type { ApplyOptions } from '../runtime.js';
import type { StepDeps } from './attempt.js';
import type { ListedContainer } from './engine/container.js';
import { containerFilter, kindLabels, LABEL } from './labels.js';
import { POOLER_STOP_S } from './pooler-container.js';
import { removeVolume } from './remove-volume.js';
import { stopAnyPostgres } from './stop-postgres.js';

/** Removes all of a database but its data. What is gone already is removed. */
export async function removeDatabase(
  { engine, prefix, names }: Pick<StepDeps, 'engine' | 'prefix' | 'names'>,
  databaseId: string,
  { signal, onProgress = () => undefined }: ApplyOptions,
): Promise<void> {
  const containers = await engine.containers.list(containerFilter(prefix, databaseId), signal);
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
  const identity = { ...kindLabels(prefix, 'pooler-config'), [LABEL.database]: databaseId };
  await removeVolume(engine, names.poolerVolume(databaseId), identity, signal);
  done += 1;
  report('Removed');
}
