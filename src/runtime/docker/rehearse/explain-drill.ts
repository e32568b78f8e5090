import { RuntimeError } from '../../runtime-error.js';
import type { Container } from '../engine/container.js';
import { sleep } from '../engine/deadline.js';
import type { Engine } from '../engine/engine.js';
import { NO_SPACE } from '../sql/sql-error.js';
import { tellingLines } from '../start-failure.js';

const MIB = 1024 ** 2;
const LOG_LINES = 200;
const LOOKS = 5;
const LOOK_AGAIN_MS = 500;

/** Why a drill lost its PostgreSQL, if it did: what is seen from outside of it only says that it is gone. */
export async function explainDrill(
  engine: Engine,
  { containerId, memoryBytes, error }: { containerId: string; memoryBytes: number; error: unknown },
  signal: AbortSignal,
): Promise<unknown> {
  if (signal.aborted || !(error instanceof RuntimeError) || !error.retryable) return error;
  // The sooner it goes, the better.
  if (error.code === 'no_space') return error;
  const container = await settled(engine, containerId, signal);
  const lines = await engine.logs.tail(containerId, LOG_LINES, signal).catch((): string[] => []);
  const log = lines.join('\n');
  const options = { cause: error };
  if (/no space left on device/i.test(log)) return new RuntimeError('no_space', NO_SPACE, options);
  if (container?.outOfMemory === true || /terminated by signal 9\b/.test(log)) {
    const message =
      `PostgreSQL was killed while it restored, as it is when ${Math.floor(memoryBytes / MIB)} MiB of memory are ` +
      'not enough for it: is the host short of memory, or an index very large?';
    return new RuntimeError('unavailable', message, options);
  }
  if (container?.status === 'running') return error;
  const state = container?.status ?? 'gone';
  const said = tellingLines(lines).join(' | ') || 'nothing';
  const message = `PostgreSQL stopped while it restored: its container is ${state}. The end of its log: ${said}`;
  return new RuntimeError('unavailable', message, options);
}

/** The container, with some patience: a connection breaks before Docker knows why. */
async function settled(engine: Engine, id: string, signal: AbortSignal): Promise<Container | null> {
  for (let look = 1; ; look++) {
    const container = await engine.containers.inspect(id, signal);
    if (container?.status !== 'running' || container.outOfMemory || look === LOOKS) return container;
    await sleep(LOOK_AGAIN_MS, signal);
  }
}
