import type { DatabaseSpec, Runtime } from '../runtime/runtime.js';
import { auditOperation } from '../store/audit-operation.js';
import { deleteCredential } from '../store/credentials.js';
import { setDatabaseStatus } from '../store/databases.js';
import { enqueueOperation, getOperation } from '../store/operations.js';
import type { Store } from '../store/store.js';
import { findVolume, markVolumeHoldsData, setVolumeState } from '../store/volumes.js';
import { databaseSpec, removableDatabase } from './database-spec.js';
import { destroysVolume, judgeFinalBackup } from './final-backup.js';
import type { OperationHandler, OperationHandlers, Work } from '../domain/operation-handler.js';

export interface HandlerDeps {
  store: Store;
  runtime: Runtime;
}

/** The handlers of the operations that build, mend and remove. */
export function runtimeHandlers(
  deps: HandlerDeps,
): Omit<OperationHandlers, 'backup' | 'verify' | 'copy' | 'restore' | 'import'> {
  return {
    provision: provision(deps),
    repair: bringUp(deps, (spec, work) => deps.runtime.apply(spec, work)),
    restart: bringUp(deps, (spec, work) =>
      deps.runtime.restart(spec, { ...work, askedAt: new Date(work.operation.createdAt) }),
    ),
    discard: discard(deps),
    remove: remove(deps),
    purge: purge(deps),
  };
}

/** Ends with a database that answers, or with one that says why not. */
function bringUp(
  { store }: HandlerDeps,
  reach: (spec: DatabaseSpec, work: Work) => Promise<void>,
): OperationHandler {
  return {
    run: (work) => reach(databaseSpec(store, work.database), work),
    succeeded: (settled) => {
      setDatabaseStatus(store, settled.database.id, 'ready');
      markVolumeHoldsData(store, settled.database.volumeId);
      auditOperation(store, settled, 'succeeded');
    },
    failed: (settled, errorMessage) => {
      // What stays failed is tried again and again, and told of once: the log of audits is for ever.
      if (settled.database.status !== 'failed') auditOperation(store, settled, 'failed', { errorMessage });
      setDatabaseStatus(store, settled.database.id, 'failed', errorMessage);
    },
  };
}

/** Brings up a database that was never ready. When that is given up, nothing half-made stays behind. */
function provision(deps: HandlerDeps): OperationHandler {
  const { store } = deps;
  const handler = bringUp(deps, (spec, work) => deps.runtime.apply(spec, work));
  return {
    ...handler,
    begin: ({ database }) => setDatabaseStatus(store, database.id, 'provisioning'),
    failed: (settled, errorMessage) => {
      handler.failed(settled, errorMessage);
      const databaseId = settled.database.id;
      enqueueOperation(store, { databaseId, kind: 'discard' });
    },
  };
}

/**
 * Removes what a provision that was given up has left. The row stays `failed`, and can be tried again: a volume
 * that was kept is looked into then, and is not said to hold data before.
 */
function discard({ store, runtime }: HandlerDeps): OperationHandler {
  return {
    run: async (work) => {
      await runtime.remove(removableDatabase(store, work.database), work);
    },
    succeeded: (settled) => auditOperation(store, settled, 'succeeded'),
    failed: neverFails,
  };
}

/** Removes a database and keeps its volume, unless its owner said otherwise or it never held anything. */
function remove({ store, runtime }: HandlerDeps): OperationHandler {
  return {
    begin: (settled) => judgeFinalBackup(store, settled),
    run: async (work) => {
      const { volumeKept } = await runtime.remove(removableDatabase(store, work.database), work);
      // Whatever may hold data stays, and is known to from then on.
      if (volumeKept) markVolumeHoldsData(store, work.database.volumeId);
      if (destroysVolume(store, work.operation)) await runtime.destroyVolume(work.database.volumeId, work);
    },
    succeeded: (settled) => {
      const { database, operation } = settled;
      const kept = !destroysVolume(store, operation) && findVolume(store, database.volumeId)?.holdsData;
      const volume = kept ? 'preserved' : 'purged';
      setVolumeState(store, database.volumeId, volume, ['attached']);
      setDatabaseStatus(store, database.id, 'deleted');
      deleteCredential(store, database.id);
      const { result } = getOperation(store, operation.id);
      auditOperation(store, settled, 'succeeded', { ...result, volume });
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
      auditOperation(store, settled, 'succeeded');
    },
    failed: neverFails,
  };
}

/** Removals have no deadline: they are tried until they are done. */
function neverFails(): never {
  throw new Error('an operation without a deadline cannot fail');
}
