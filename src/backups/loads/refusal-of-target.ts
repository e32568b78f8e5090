import { once } from 'node:events';
import type { Database } from '../../domain/records.js';
import type { DatabaseSpec, Runtime } from '../../runtime/runtime.js';
import { RuntimeError } from '../../runtime/runtime-error.js';
import { withCleanAdvice } from './clean-advice.js';

export interface TargetDeps {
  runtime: Pick<Runtime, 'requireEmpty'>;
  specOf: (database: Database) => DatabaseSpec;
  /** A database that does not answer by then is no reason to refuse anything. */
  limitMs: number;
}

/**
 * Why a database cannot be imported into without replacing what it holds; `null` when nothing speaks against it. The
 * import itself looks again.
 */
export async function refusalOfTarget(
  { runtime, specOf, limitMs }: TargetDeps,
  database: Database,
): Promise<string | null> {
  const limit = AbortSignal.timeout(limitMs);
  const late = once(limit, 'abort').then(() => null);
  return Promise.race([late, refusal(runtime.requireEmpty(specOf(database), { signal: limit }))]);
}

async function refusal(looking: Promise<void>): Promise<string | null> {
  try {
    await looking;
    return null;
  } catch (error) {
    const advised = withCleanAdvice(error);
    if (!(advised instanceof RuntimeError)) throw error;
    return advised.code === 'not_empty' ? advised.message : null;
  }
}
