import { join } from 'node:path';
import { sha256 } from '../../src/secrets/digest.js';
import { generateKeyLine, Keyring } from '../../src/secrets/keyring.js';
import { generateId } from '../../src/secrets/random.js';
import { openStore } from '../../src/store/open.js';
import type { MigrationFolders } from '../../src/store/migrate.js';
import type { Store } from '../../src/store/store.js';
import type { Clock } from '../../src/domain/clock.js';
import { FakeClock } from '../fake-clock.js';
import { MIGRATIONS } from '../repository.js';
import { temporaryFolder } from '../temporary-folder.js';

export interface TestStore extends Disposable {
  store: Store;
  clock: FakeClock;
  keyring: Keyring;
  folder: string;
  /** The SQLite file. */
  path: string;
}

/** Our migrations, and a place for copies. */
export function testFolders(folder: string): MigrationFolders {
  return { migrations: MIGRATIONS, copies: join(folder, 'backups', 'control') };
}

/** A migrated control database in a folder of its own. */
export function openTestStore({ read }: { read?: Clock } = {}): TestStore {
  const folder = temporaryFolder();
  const clock = new FakeClock();
  const keyring = Keyring.parse(generateKeyLine());
  const path = join(folder.path, 'paasdb.sqlite');
  const store = openStore(path, testFolders(folder.path), {
    clock: read ?? clock.read,
    sealer: keyring,
    sha256,
    generateId,
  });
  return {
    store,
    clock,
    keyring,
    folder: folder.path,
    path,
    [Symbol.dispose]: () => {
      store.close();
      folder[Symbol.dispose]();
    },
  };
}
