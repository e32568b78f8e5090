import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { backupHandler } from '../../src/backups/backup-handler.js';
import { copyHandler } from '../../src/backups/copy-handler.js';
import type { CopyStore } from '../../src/backups/copy-store.js';
import { DiskStore } from '../../src/backups/disk-store.js';
import type { Clock } from '../../src/domain/clock.js';
import type { OperationHandler, OperationHandlers } from '../../src/domain/operation-handler.js';
import { databaseSpec } from '../../src/provisioner/database-spec.js';
import { runtimeHandlers } from '../../src/provisioner/handlers.js';
import type { Runtime } from '../../src/runtime/runtime.js';
import type { Store } from '../../src/store/store.js';

const underConstruction: OperationHandler = {
  run: () => Promise.reject(new Error('under construction')),
  succeeded: () => undefined,
  failed: () => undefined,
};

/** A store of backups in the folder of a test. */
export function diskStoreIn(folder: string): DiskStore {
  const path = join(folder, 'backups');
  mkdirSync(path, { recursive: true });
  return new DiskStore(path);
}

/** The handlers as the daemon wires them. */
export function allHandlers({
  store,
  runtime,
  disk,
  clock,
  copies = null,
}: {
  store: Store;
  runtime: Runtime;
  disk: DiskStore;
  clock: Clock;
  copies?: CopyStore | null;
}): OperationHandlers {
  return {
    ...runtimeHandlers({ store, runtime }),
    backup: backupHandler({
      store,
      runtime,
      disk,
      copies: copies !== null,
      clock,
      specOf: (database) => databaseSpec(store, database),
    }),
    verify: underConstruction,
    copy: copyHandler({ store, disk, copies }),
    restore: underConstruction,
    import: underConstruction,
  };
}
