import { dataLayout } from './data-layout.js';
import type { Engine } from './engine/engine.js';
import { POSTGRES_STOP_S } from './postgres-container.js';

/** Under an initialisation runs a shell, which does not hear SIGINT as PostgreSQL does. */
export const UNMARKED_STOP_S = 5;

/** Stops PostgreSQL, and gives it the time it needs so that what stays in the volume is clean. */
export async function stopPostgres(
  engine: Engine,
  id: string,
  signal: AbortSignal,
  graceS = POSTGRES_STOP_S,
): Promise<void> {
  const container = await engine.containers.inspect(id, signal);
  // A paused one would hear nothing until it is killed.
  if (container?.status === 'paused') await engine.containers.unpause(id, signal);
  await engine.containers.stop(id, graceS, signal);
}

/** Whether the volume of a container says that it was initialised. */
export async function isMarked(
  engine: Engine,
  { id, major }: { id: string; major: number },
  signal: AbortSignal,
): Promise<boolean> {
  return (await engine.containers.readFile(id, dataLayout(major).markerPath, signal)) !== null;
}
