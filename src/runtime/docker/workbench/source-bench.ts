import type { StepDeps } from '../attempt.js';
import { workbenchBody, type Purpose } from './workbench.js';

const REMOVAL_MS = 2 * 60_000;

/** Of what a container is made that reads a source, beside the workbench of the load. */
export interface SourceBench {
  purpose: Purpose;
  imageId: string;
  major: number;
}

/**
 * Has a container that is in the network with a way out, and in no other. It shares the volume with the workbench,
 * which is in the org's network and in no other, and goes before anything is loaded.
 */
export async function withSourceBench<T>(
  { engine, networks, prefix, names }: Pick<StepDeps, 'engine' | 'networks' | 'prefix' | 'names'>,
  { purpose, imageId, major }: SourceBench,
  use: (containerId: string) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  await networks.ensureOutside(signal);
  const name = names.workbench(purpose.loadId);
  const body = workbenchBody(purpose, { prefix, name, imageId, major, network: names.outside });
  const id = await engine.containers.create(`${name}-source`, body, signal);
  const remove = () => engine.containers.remove(id, true, AbortSignal.timeout(REMOVAL_MS));
  let result: T;
  try {
    await engine.containers.start(id, signal);
    result = await use(id);
  } catch (error) {
    // What remains goes with the workbench.
    await remove().catch(() => undefined);
    throw error;
  }
  await remove();
  return result;
}
