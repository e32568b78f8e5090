import type { StepDeps } from '../attempt.js';
import { removeVolume } from '../remove-volume.js';
import { drillLabels } from './drill-container.js';

/** Removes the PostgreSQL of a drill with all that it holds. One that is gone is removed. */
export async function closeDrill(
  { engine, prefix, names }: Pick<StepDeps, 'engine' | 'prefix' | 'names'>,
  backupId: string,
  signal: AbortSignal,
): Promise<void> {
  for (const { id } of await engine.containers.list(drillLabels(prefix, backupId), signal)) {
    await engine.containers.remove(id, true, signal);
  }
  await removeVolume(engine, names.drill(backupId), drillLabels(prefix, backupId), signal);
}
