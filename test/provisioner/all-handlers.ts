import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { backupHandler } from '../../src/backups/backup-handler.js';
import { copyHandler } from '../../src/backups/copy-handler.js';
import type { CopyStore } from '../../src/backups/bucket/copy-store.js';
import { DiskStore } from '../../src/backups/disk/disk-store.js';
import { verifyHandler } from '../../src/backups/verify-handler.js';
import type { BackupVerify } from '../../src/domain/backup.js';
import type { SourceDeps } from '../../src/backups/loads/find-source.js';
import { importHandler } from '../../src/backups/loads/import-handler.js';
import { Incoming } from '../../src/backups/loads/incoming.js';
import { restoreHandler } from '../../src/backups/loads/restore-handler.js';
import { AddressRules } from '../../src/domain/address-rules.js';
import type { Clock } from '../../src/domain/clock.js';
import type { OperationHandlers } from '../../src/domain/operation-handler.js';
import type { Database } from '../../src/domain/records.js';
import { MemoryLogger } from '../memory-logger.js';
import { databaseSpec } from '../../src/provisioner/database-spec.js';
import { runtimeHandlers } from '../../src/provisioner/handlers.js';
import type { Runtime } from '../../src/runtime/runtime.js';
import { isUnfinished } from '../../src/store/operations.js';
import type { Store } from '../../src/store/store.js';

/** A store of backups in the folder of a test. */
export function diskStoreIn(folder: string): DiskStore {
  const path = join(folder, 'backups');
  mkdirSync(path, { recursive: true });
  return new DiskStore(path);
}

/** The uploads beside it. */
export function incomingIn(folder: string, store: Store): Incoming {
  return new Incoming(join(folder, 'backups'), (id) => isUnfinished(store, id));
}

/** How long former data is kept. */
export const PREVIOUS_KEPT_FOR_MS = 7 * 86_400_000;

const NO_SOURCE: SourceDeps = {
  resolve: () => Promise.reject(new Error('there is no name server')),
  rules: new AddressRules([], { base: 0, bits: 8 }),
};

/** The handlers as the daemon wires them. */
export function allHandlers({
  store,
  runtime,
  disk,
  clock,
  verify = 'none',
  incoming = incomingIn('/nowhere', store),
  source = NO_SOURCE,
  tidy = () => undefined,
  copies = null,
}: {
  store: Store;
  runtime: Runtime;
  disk: DiskStore;
  clock: Clock;
  verify?: BackupVerify;
  incoming?: Incoming;
  source?: SourceDeps;
  tidy?: () => void;
  copies?: CopyStore | null;
}): OperationHandlers {
  const specOf = (database: Database) => databaseSpec(store, database);
  const loading = { store, runtime, specOf, previousKeptForMs: PREVIOUS_KEPT_FOR_MS, tidy };
  const stores = { disk, copies, logger: new MemoryLogger() };
  return {
    ...runtimeHandlers({ store, runtime }),
    backup: backupHandler({ store, runtime, disk, copies: copies !== null, clock, verify, specOf }),
    verify: verifyHandler({ store, runtime, stores }),
    copy: copyHandler({ store, disk, copies }),
    restore: restoreHandler({ ...loading, stores }),
    import: importHandler({ ...loading, incoming, source }),
  };
}
