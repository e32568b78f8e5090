import { RuntimeError } from '../runtime/runtime.js';

/** Adds what whoever imports can do about a database that is not empty. */
export function withCleanAdvice(error: RuntimeError): RuntimeError {
  const advice = 'Import with clean=true to replace it: what is there now is kept for a while then';
  return new RuntimeError('not_empty', `${error.message}. ${advice}`, { cause: error });
}
