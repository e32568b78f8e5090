import type { Runtime } from '../runtime/runtime.js';
import { appendAuditEvent } from '../store/audit.js';
import { deleteCredential } from '../store/credentials.js';
import { setDatabaseStatus } from '../store/databases.js';
import type { Store } from '../store/store.js';
import { findVolume, markVolumeHoldsData, setVolumeState } from '../store/volumes.js';
import { databaseSpec } from './database-spec.js';
import type { OperationHandler, OperationHandlers, Settled, Work } from './operation-handler.js';

export interface HandlerDeps {
  store: Store;
  runtime: Runtime;
}

/** The handlers of the operations that build, mend and remove. */
export function runtimeHandlers(deps: HandlerDeps): OperationHandlers {
  return {
    provision: bringUp(deps, 'apply', ({ database }) =>
      setDatabaseStatus(deps.store, database.id, 'provisioning'),
    ),
    repair: bringUp(deps, 'apply'),
    restart: bringUp(deps, 'restart'),
    remove: remove(deps),
    purge: purge(deps),
  };
}

/** Ends with a database that answers, or with one that says why not. */
function bringUp(
  { store, runtime }: HandlerDeps,
  verb: 'apply' | 'restart',
  begin?: (settled: Settled) => void,
): OperationHandler {
  return {
    ...(begin && { begin }),
    run: ({ database, signal, onProgress }) =>
      runtime[verb](databaseSpec(store, database), { signal, onProgress }),
    succeeded: (settled) => {
      setDatabaseStatus(store, settled.database.id, 'ready');
      markVolumeHoldsData(store, settled.database.volumeId);
      audit(store, settled, 'succeeded');
    },
    failed: (settled, errorMessage) => {
      setDatabaseStatus(store, settled.database.id, 'failed', errorMessage);
      audit(store, settled, 'failed', { errorMessage });
    },
  };
}

/** Removes a database and keeps its volume, unless its owner said otherwise or it never held anything. */
function remove({ store, runtime }: HandlerDeps): OperationHandler {
  const destroysVolume = ({ operation, database }: Settled) =>
    operation.deleteVolume || !findVolume(store, database.volumeId)?.holdsData;
  return {
    run: async (work) => {
      await runtime.remove(work.database.id, work);
      if (destroysVolume(work)) await runtime.destroyVolume(work.database.volumeId, work);
    },
    succeeded: (settled) => {
      const { database } = settled;
      const volume = destroysVolume(settled) ? 'purged' : 'preserved';
      setVolumeState(store, database.volumeId, volume, ['attached']);
      setDatabaseStatus(store, database.id, 'deleted');
      deleteCredential(store, database.id);
      audit(store, settled, 'succeeded', { volume });
    },
    failed: neverFails,
  };
}

/** Destroys the preserved volume of a deleted database. */
function purge({ store, runtime }: HandlerDeps): OperationHandler {
  return {
    run: ({ database, ...options }: Work) => runtime.destroyVolume(database.volumeId, options),
    succeeded: (settled) => {
      setVolumeState(store, settled.database.volumeId, 'purged', ['purging']);
      audit(store, settled, 'succeeded');
    },
    failed: neverFails,
  };
}

/** Removals have no deadline: they are tried until they are done. */
function neverFails(): never {
  throw new Error('an operation without a deadline cannot fail');
}

function audit(
  store: Store,
  { operation, database }: Settled,
  outcome: 'succeeded' | 'failed',
  detail: Record<string, unknown> = {},
): void {
  appendAuditEvent(store, {
    org: database.org,
    actor: 'system',
    action: `operation.${operation.kind}.${outcome}`,
    target: `${database.app}/${database.name}`,
    detail: { databaseId: database.id, operationId: operation.id, ...detail },
    requestId: null,
  });
}
