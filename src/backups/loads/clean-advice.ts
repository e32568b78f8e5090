import { RuntimeError } from '../../runtime/runtime-error.js';

/** Adds what whoever imports can do about a database that is not empty. Any other error stays as it is. */
export function withCleanAdvice(error: unknown): unknown {
  if (!(error instanceof RuntimeError) || error.code !== 'not_empty') return error;
  const advice = 'Import with clean=true to replace it: what is there now is kept for a while then';
  return new RuntimeError('not_empty', `${error.message}. ${advice}`, { cause: error });
}
