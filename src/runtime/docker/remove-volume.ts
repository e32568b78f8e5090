import { RuntimeError } from '../runtime-error.js';
import type { Engine } from './engine/engine.js';
import { hasStatus } from './engine/engine-error.js';
import { carries, type Labels } from './engine/label-filter.js';

/** Removes the volume of this name if it carries `identity`; one that is gone is removed. */
export async function removeVolume(
  engine: Engine,
  name: string,
  identity: Labels,
  signal: AbortSignal,
): Promise<void> {
  const volume = await engine.volumes.inspect(name, signal);
  if (!volume) return;
  if (!carries(volume.labels, identity)) {
    const message = `Volume ${name} was not made by paasdb for this: it was left untouched`;
    throw new RuntimeError('conflict', message);
  }
  try {
    await engine.volumes.remove(name, signal);
  } catch (error) {
    if (!hasStatus(error, 409)) throw error;
    const message = `Volume ${name} is used by a container: it was left untouched`;
    throw new RuntimeError('conflict', message, { cause: error });
  }
}
