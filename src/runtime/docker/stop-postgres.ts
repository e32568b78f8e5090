import { addressOf } from './address.js';
import { dataLayout } from './data-layout.js';
import type { Container } from './engine/container.js';
import type { Engine } from './engine/engine.js';
import { POSTGRES_PORT } from './pooler-config.js';
import { POSTGRES_STOP_S } from './postgres-container.js';
import { probeStartup } from './startup-probe.js';

const PROBE_TIMEOUT_MS = 1_000;

/** Stops PostgreSQL, and gives it the time it needs so that what stays in the volume is clean. */
export async function stopPostgres(engine: Engine, id: string, signal: AbortSignal): Promise<void> {
  await resume(engine, await engine.containers.inspect(id, signal), signal);
  await engine.containers.stop(id, POSTGRES_STOP_S, signal);
}

/**
 * The same, unless it is still initialising: the shell under it does not hear SIGINT as PostgreSQL does, and
 * what it leaves is worth nothing.
 */
export async function stopAnyPostgres(
  engine: Engine,
  { id, major }: { id: string; major: number },
  signal: AbortSignal,
): Promise<void> {
  const container = await engine.containers.inspect(id, signal);
  if (!container) return;
  await resume(engine, container, signal);
  const serves = (await isMarked(engine, { id, major }, signal)) || (await answers(container));
  await engine.containers.stop(id, serves ? POSTGRES_STOP_S : 0, signal);
}

/** Whether the volume of a container says that it was initialised. */
export async function isMarked(
  engine: Engine,
  { id, major }: { id: string; major: number },
  signal: AbortSignal,
): Promise<boolean> {
  return (await engine.containers.readFile(id, dataLayout(major).markerPath, signal)) !== null;
}

/** A paused container would hear nothing until it is killed. */
async function resume(engine: Engine, container: Container | null, signal: AbortSignal): Promise<void> {
  if (container?.status === 'paused') await engine.containers.unpause(container.id, signal);
}

/** Over TCP, where nothing listens during an initialisation. */
async function answers(container: Container): Promise<boolean> {
  for (const network of container.attachments.keys()) {
    const address = addressOf(container, network, POSTGRES_PORT);
    if (address && (await probeStartup(address, PROBE_TIMEOUT_MS)) !== 'closed') return true;
  }
  return false;
}
