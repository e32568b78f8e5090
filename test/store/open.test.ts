import Sqlite from 'better-sqlite3';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../src/secrets/digest.js';
import { generateKeyLine, Keyring } from '../../src/secrets/keyring.js';
import { openStore } from '../../src/store/open.js';
import { insertOrg } from '../../src/store/orgs.js';
import { temporaryFolder } from '../temporary-folder.js';
import { openTestStore, testFolders } from './open-test-store.js';
import { sampleDatabase } from './sample-rows.js';

describe('openStore', () => {
  it('syncs every commit and writes ahead', () => {
    using test = openTestStore();
    expect(test.store.get('PRAGMA synchronous')).toEqual({ synchronous: 2 });
    expect(test.store.get('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' });
    expect(test.store.get('PRAGMA foreign_keys')).toEqual({ foreign_keys: 1 });
  });

  it('shows a commit to another connection at once', () => {
    using test = openTestStore();
    const { id } = sampleDatabase(test.store);
    const other = new Sqlite(test.path, { readonly: true });
    expect(other.prepare('SELECT id, status FROM databases').all()).toEqual([{ id, status: 'pending' }]);
    other.close();
  });

  it('lets go of the file when it cannot be opened', () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'paasdb.sqlite');
    writeFileSync(path, 'this is no database, and longer than a header of one hundred bytes'.repeat(9));
    const deps = {
      clock: () => new Date(),
      sealer: Keyring.parse(generateKeyLine()),
      sha256,
      generateId: () => '1',
    };
    expect(() => openStore(path, testFolders(folder.path), deps)).toThrow(/not a database/);
  });
});

describe('a transaction', () => {
  it('takes back all of it when its work throws', () => {
    using test = openTestStore();
    expect(() =>
      test.store.transaction(() => {
        insertOrg(test.store, { slug: 'acme', plan: 'team' });
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(test.store.all('SELECT * FROM orgs')).toEqual([]);
  });

  it('refuses a row whose parent is missing', () => {
    using test = openTestStore();
    expect(() =>
      test.store.run(`INSERT INTO apps (id, org, slug, created_at) VALUES ('1', 'nobody', 'web', 'now')`),
    ).toThrow(/FOREIGN KEY/);
  });
});
