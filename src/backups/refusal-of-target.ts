import type { Database } from '../domain/records.js';
import { RuntimeError, type DatabaseSpec, type Runtime } from '../runtime/runtime.js';
import { withCleanAdvice } from './clean-advice.js';

/** A database that does not answer by then is no reason to refuse anything. */
const LIMIT_MS = 5_000;

export interface TargetDeps {
  runtime: Pick<Runtime, 'requireEmpty'>;
  specOf: (database: Database) => DatabaseSpec;
}

/**
 * Why a database cannot be imported into without replacing what it holds; `null` when nothing speaks against it. The
 * import itself looks again.
 */
export async function refusalOfTarget(
  { runtime, specOf }: TargetDeps,
  database: Database,
): Promise<string | null> {
  try {
    await runtime.requireEmpty(specOf(database), { signal: AbortSignal.timeout(LIMIT_MS) });
    return null;
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    return error.code === 'not_empty' ? withCleanAdvice(error).message : null;
  }
}
