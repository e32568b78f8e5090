import type { DatabaseSpec } from '../runtime.js';
import type { StepDeps } from './attempt.js';
import { containerFilter } from './labels.js';
import { POOLER_STOP_S } from './pooler-container.js';
import { POSTGRES_STOP_S } from './postgres-container.js';
import { isMarked } from './stop-postgres.js';

/** Stops and starts what runs of a database. What was never ready is left to be made anew. */
export async function restartContainers(
  { engine, prefix, names }: Pick<StepDeps, 'engine' | 'prefix' | 'names'>,
  spec: DatabaseSpec,
  signal: AbortSignal,
): Promise<void> {
  const containers = await engine.containers.list(containerFilter(prefix, spec.id), signal);
  const running = (name: string) =>
    containers.find((container) => container.name === name && container.status === 'running');

  const postgres = running(names.postgres(spec.id));
  const pooler = running(names.pooler(spec.id));
  const restartPostgres = async (id: string) => {
    const ready = spec.holdsData || (await isMarked(engine, { id, major: spec.engineVersion }, signal));
    if (ready) await engine.containers.restart(id, POSTGRES_STOP_S, signal);
  };
  await Promise.all([
    postgres && restartPostgres(postgres.id),
    pooler && engine.containers.restart(pooler.id, POOLER_STOP_S, signal),
  ]);
}
