import { RuntimeError } from '../../runtime-error.js';
import type { Logger } from '../../../domain/logger.js';
import type { StepDeps } from '../attempt.js';
import { kindLabels, LABEL } from '../labels.js';
import { closeDrill } from './close-drill.js';

interface Deps extends Pick<StepDeps, 'engine' | 'prefix' | 'names'> {
  logger: Logger;
}

/** Removes what drills have left whose process died. What cannot be removed now waits for the next time. */
export async function sweepDrills(deps: Deps, signal: AbortSignal): Promise<void> {
  const { engine, prefix, logger } = deps;
  const labels = kindLabels(prefix, 'drill');
  const left = [
    ...(await engine.containers.list(labels, signal)),
    ...(await engine.volumes.list(labels, signal)),
  ];
  const backupIds = new Set(left.map((thing) => thing.labels[LABEL.backup] ?? ''));
  for (const backupId of backupIds) {
    try {
      await closeDrill(deps, backupId, signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof RuntimeError)) throw error;
      logger.warn({ backup: backupId, err: error }, 'what a drill has left could not be removed');
    }
  }
}
