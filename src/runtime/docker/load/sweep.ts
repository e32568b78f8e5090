import type { StepDeps } from '../attempt.js';
import { kindLabels, LABEL } from '../labels.js';
import { closeWorkbench } from '../workbench/open-workbench.js';
import { orLater } from './or-later.js';
import { tidy } from './tidy.js';

type Deps = Pick<StepDeps, 'engine' | 'prefix' | 'names' | 'logger'>;

/** Removes what loads have left whose process died. What cannot be removed now waits for the next time. */
export async function sweepLoads(deps: Deps, signal: AbortSignal): Promise<void> {
  const { engine, prefix, logger } = deps;
  const benches = await engine.containers.list(kindLabels(prefix, 'workbench'), signal);
  const targets = new Set(benches.map(({ labels }) => labels[LABEL.target] ?? ''));
  for (const databaseId of targets) {
    await orLater(logger, () => tidy(deps, databaseId, signal), signal);
  }
  // A volume whose container was never made, or is gone.
  const kept = new Set(
    (await engine.containers.list(kindLabels(prefix, 'workbench'), signal)).map(
      ({ labels }) => labels[LABEL.load],
    ),
  );
  for (const { labels } of await engine.volumes.list(kindLabels(prefix, 'scratch'), signal)) {
    const loadId = labels[LABEL.load] ?? '';
    if (!kept.has(loadId)) await orLater(logger, () => closeWorkbench(deps, loadId, signal), signal);
  }
}
