import { RuntimeError } from '../../runtime/runtime-error.js';
import { findSource, type SourceDeps } from './find-source.js';

/** Why a server cannot be imported from, as far as its URL tells; `null` when nothing speaks against it. */
export async function refusalOfSource(deps: SourceDeps, url: string): Promise<string | null> {
  try {
    await findSource(deps, url);
    return null;
  } catch (error) {
    if (error instanceof RuntimeError) return error.message;
    throw error;
  }
}
