import type { StepDeps } from '../attempt.js';
import type { Server } from '../find-server.js';
import { kindLabels, LABEL } from '../labels.js';
import { removeVolume } from '../remove-volume.js';
import { workbenchBody, type Purpose } from './workbench.js';

type Deps = Pick<StepDeps, 'engine' | 'prefix' | 'names'>;

/** Makes the workbench of a load, of the image that the database runs on, and returns its container's id. */
export async function openWorkbench(
  deps: Deps,
  purpose: Purpose,
  { server, major, org }: { server: Pick<Server, 'container'>; major: number; org: string },
  signal: AbortSignal,
): Promise<string> {
  const { engine, prefix, names } = deps;
  const name = names.workbench(purpose.loadId);
  const labels = { ...scratchLabels(prefix, purpose.loadId), [LABEL.target]: purpose.databaseId };
  await engine.volumes.create(name, labels, signal);
  const { imageId } = server.container;
  const network = names.network(org);
  const body = workbenchBody(purpose, { prefix, name, imageId, major, network });
  const id = await engine.containers.create(name, body, signal);
  await engine.containers.start(id, signal);
  return id;
}

/** Removes a workbench with all that is in it and runs in it. One that is gone is removed. */
export async function closeWorkbench(
  { engine, prefix, names }: Deps,
  loadId: string,
  signal: AbortSignal,
): Promise<void> {
  const name = names.workbench(loadId);
  const labels = { ...kindLabels(prefix, 'workbench'), [LABEL.load]: loadId };
  for (const { id } of await engine.containers.list(labels, signal)) {
    await engine.containers.remove(id, true, signal);
  }
  await removeVolume(engine, name, scratchLabels(prefix, loadId), signal);
}

function scratchLabels(prefix: string, loadId: string) {
  return { ...kindLabels(prefix, 'scratch'), [LABEL.load]: loadId };
}
