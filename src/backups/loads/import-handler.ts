import type { OperationHandler, Work } from '../../domain/operation-handler.js';
import type { Loaded, LoadSource } from '../../runtime/runtime.js';
import { auditOperation } from '../../store/audit-operation.js';
import { getLoad, type Load } from '../../store/loads.js';
import { withCleanAdvice } from './clean-advice.js';
import { checkImported } from './check-imported.js';
import { compareContents } from '../compare-contents.js';
import { findSource, type SourceDeps } from './find-source.js';
import type { Incoming } from './incoming.js';
import { loadDatabase, type LoadDeps } from './load-database.js';
import { readUpload } from './read-upload.js';

export interface ImportHandlerDeps extends LoadDeps {
  incoming: Incoming;
  source: SourceDeps;
  /** Says that an upload may be to be removed. */
  tidy: () => void;
}

/** Loads a database with what was uploaded, or with what a server elsewhere holds. */
export function importHandler(deps: ImportHandlerDeps): OperationHandler {
  const { store } = deps;
  return {
    run: async (work) => {
      const load = getLoad(store, work.operation.id);
      try {
        const find = () => sourceOf(deps, work, load);
        const resultOf = (loaded: Loaded) => (load.sourceUrl === null ? {} : comparison(loaded));
        await loadDatabase(deps, work, { load, find, check: checkImported, resultOf });
      } catch (error) {
        throw withCleanAdvice(error);
      } finally {
        // After the operation is settled.
        setImmediate(deps.tidy);
      }
    },
    succeeded: (settled) => auditOperation(store, settled, 'succeeded'),
    failed: (settled, errorMessage) => auditOperation(store, settled, 'failed', { errorMessage }),
  };
}

async function sourceOf(
  { incoming, source }: ImportHandlerDeps,
  { operation, database, signal }: Work,
  { sourceUrl }: Load,
): Promise<LoadSource> {
  // At each attempt: an address may have changed for good reasons.
  if (sourceUrl !== null) return { kind: 'server', server: await findSource(source, sourceUrl) };
  return readUpload(incoming, { id: operation.id, major: database.engineVersion, signal });
}

/** How what was loaded differs from what the server held when it was dumped. */
function comparison({ source, contents }: Loaded): Record<string, unknown> {
  if (source === null || contents === null) return { source: { compared: false } };
  return { source: { compared: true, differences: compareContents(source, contents) } };
}
