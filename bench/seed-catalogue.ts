import { join } from 'node:path';
import { generateId, generatePassword } from '../src/secrets/random.js';
import { loadKeyring } from '../src/secrets/load-keyring.js';
import { scramVerifier } from '../src/secrets/scram.js';
import { sha256 } from '../src/secrets/digest.js';
import { insertApp } from '../src/store/apps.js';
import { insertCredential } from '../src/store/credentials.js';
import { insertDatabase, setDatabaseStatus } from '../src/store/databases.js';
import { openStore } from '../src/store/open.js';
import { ensureDefaultOrg } from '../src/store/orgs.js';
import { insertVolume } from '../src/store/volumes.js';

/** Fills a data directory with the rows of `count` databases of the app `catalogue`, which nobody provisions. */
export function seedCatalogue(dataDir: string, count: number): void {
  using store = openStore(
    join(dataDir, 'paasdb.sqlite'),
    { migrations: join(process.cwd(), 'migrations'), copies: dataDir },
    {
      clock: () => new Date(),
      sealer: loadKeyring(join(dataDir, 'master.key')),
      sha256,
      generateId,
    },
  );
  const password = generatePassword();
  const credential = { role: 'app', password, verifier: scramVerifier(password) };
  store.transaction(() => {
    ensureDefaultOrg(store);
    const appId = crypto.randomUUID();
    insertApp(store, { id: appId, org: 'default', slug: 'catalogue' });
    for (let index = 0; index < count; index += 1) {
      const id = generateId();
      insertVolume(store, { id, org: 'default', engineVersion: 17 });
      insertDatabase(store, {
        id,
        appId,
        name: `db-${index}`,
        engineVersion: 17,
        plan: 'standard',
        volumeId: id,
      });
      insertCredential(store, id, credential);
      setDatabaseStatus(store, id, 'failed', 'a row of the benchmark');
    }
  });
}
