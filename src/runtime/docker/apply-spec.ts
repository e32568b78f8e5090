import { generatePassword } from '../../secrets/random.js';
import type { ApplyOptions, DatabaseSpec } from '../runtime.js';
import { RuntimeError } from '../runtime-error.js';
import type { Attempt, StepDeps } from './attempt.js';
import type { Match } from './blueprint.js';
import { blueprintsOf, type Making } from './blueprints.js';
import { hasStatus } from './engine/engine-error.js';
import { InterruptedError } from './interrupted-error.js';
import { isTrusted, type Observation } from './observation.js';
import { observe } from './observe.js';
import { plan } from './plan.js';
import { runSteps } from './run-steps.js';

import { STEP_TITLES, type Step } from './step.js';
import { EXECUTE } from './steps.js';

/** A plan may need a second look, and somebody else may change things while we work, but not for ever. */
const MAX_PASSES = 6;
const MAX_INTERRUPTIONS = 3;

export interface ApplyDeps extends StepDeps {
  making: Making;
}

/**
 * Makes the engine match a spec: looks, decides, acts, and looks again until nothing is missing. Nothing is
 * remembered between two calls, so that each goes on from wherever the one before was broken off.
 */
export async function applySpec(
  deps: ApplyDeps,
  spec: DatabaseSpec,
  { signal, onProgress = () => undefined, match = 'spec' }: ApplyOptions & { match?: Match },
): Promise<void> {
  const { making, logger } = deps;
  const interruptions: Error[] = [];
  for (let pass = 1; pass <= MAX_PASSES; pass++) {
    try {
      await deps.networks.enter(spec.org, signal);
      const seen = await observe(deps, spec, { wanted: blueprintsOf(spec, making), match }, signal);
      const decision = plan(spec, seen);
      if (decision.outcome === 'converged') return;
      if (decision.outcome === 'refused') {
        throw new RuntimeError(decision.code, `${decision.reason} (${describe(deps, spec)})`);
      }
      const { steps, complete } = decision;
      logger.debug({ database: spec.id, pass, steps: steps.map(({ kind }) => kind) }, 'steps are missing');
      const attempt = begin(deps, spec, seen, steps, (percent) =>
        onProgress({ step: `Pulling an image (${percent} %)`, done: 0, total: steps.length }),
      );
      await runSteps(steps, (kind, inner) => EXECUTE[kind](deps, attempt, inner), {
        signal,
        title: (kind) => STEP_TITLES[kind],
        onProgress,
      });
      if (complete) return;
    } catch (error) {
      if (signal.aborted || !isInterruption(error)) throw asRuntimeError(error, signal);
      logger.info({ database: spec.id, reason: error.message }, 'somebody else is at work, looking again');
      if (interruptions.push(error) === MAX_INTERRUPTIONS) break;
    }
  }
  throw exhausted(interruptions.at(-1));
}

/** Docker answers 404 for a container that was removed, and 409 for one that was stopped, while it was used. */
function isInterruption(error: unknown): error is Error {
  return error instanceof InterruptedError || hasStatus(error, 404) || hasStatus(error, 409);
}

function begin(
  { making }: ApplyDeps,
  spec: DatabaseSpec,
  seen: Observation,
  steps: readonly Step[],
  onPercent: (percent: number) => void,
): Attempt {
  // A password for a volume that we make ourselves, and for no other.
  const initialises = steps.some(({ kind }) => kind === 'create-volume');
  return {
    spec,
    ...blueprintsOf(spec, making, initialises ? generatePassword() : null),
    firstStart: initialises || !isTrusted(spec, seen),
    containers: { postgres: seen.postgres?.container.id ?? null, pooler: seen.pooler?.container.id ?? null },
    onPercent,
  };
}

function describe({ names }: ApplyDeps, spec: DatabaseSpec): string {
  return `database ${spec.org}/${spec.app}/${spec.name}, volume ${names.volume(spec.volumeId)}`;
}

/** What came in between says the most: why PostgreSQL stopped, for one. */
function exhausted(interruption: Error | undefined): RuntimeError {
  if (interruption?.cause instanceof RuntimeError) return interruption.cause;
  const reason = interruption?.message ?? 'every look finds something else';
  const options = interruption && { cause: interruption };
  return new RuntimeError('start_failed', `The database does not come to rest: ${reason}`, options);
}

function asRuntimeError(error: unknown, signal: AbortSignal): RuntimeError {
  if (signal.aborted) {
    return new RuntimeError('aborted', 'Stopped before the database was ready', { cause: error });
  }
  if (error instanceof RuntimeError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new RuntimeError('start_failed', message, { cause: error });
}
