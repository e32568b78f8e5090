import type { DatabaseSpec } from '../runtime.js';
import type { StepDeps } from './attempt.js';
import { matches, type Blueprint } from './blueprint.js';
import { blueprintsOf, type Making } from './blueprints.js';
import { containerFilter } from './labels.js';
import { POOLER_STOP_S } from './pooler-container.js';
import { POSTGRES_STOP_S } from './postgres-container.js';
import { isMarked } from './stop-postgres.js';

/**
 * Stops and starts what runs of a database. What was never ready is left to be made anew, and so is what would
 * be made differently today: one interruption is enough.
 */
export async function restartContainers(
  { engine, prefix, making }: Pick<StepDeps, 'engine' | 'prefix'> & { making: Making },
  spec: DatabaseSpec,
  { signal, askedAt }: { signal: AbortSignal; askedAt: Date },
): Promise<void> {
  const containers = await engine.containers.list(containerFilter(prefix, spec.id), signal);
  const wanted = blueprintsOf(spec, making);
  const running = (blueprint: Blueprint) =>
    containers.find(
      (container) =>
        container.name === blueprint.name &&
        container.status === 'running' &&
        matches(container, blueprint, 'config'),
    );

  const postgres = running(wanted.postgres);
  const pooler = running(wanted.pooler);
  const isRestarted = async (id: string) => {
    const startedAt = (await engine.containers.inspect(id, signal))?.startedAt;
    return startedAt !== undefined && startedAt > askedAt;
  };
  const restartPostgres = async (id: string) => {
    if (await isRestarted(id)) return;
    const ready = spec.holdsData || (await isMarked(engine, { id, major: spec.engineVersion }, signal));
    if (ready) await engine.containers.restart(id, POSTGRES_STOP_S, signal);
  };
  const restartPooler = async (id: string) => {
    if (!(await isRestarted(id))) await engine.containers.restart(id, POOLER_STOP_S, signal);
  };
  await Promise.all([postgres && restartPostgres(postgres.id), pooler && restartPooler(pooler.id)]);
}
