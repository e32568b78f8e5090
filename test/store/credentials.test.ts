import { sha256 } from '../../src/secrets/digest.js';
import { generateKeyLine, Keyring } from '../../src/secrets/keyring.js';
import { generateId } from '../../src/secrets/random.js';
import {
  deleteCredential,
  getCredential,
  listCredentialKeyIds,
  resealCredentials,
} from '../../src/store/credentials.js';
import { openStore } from '../../src/store/open.js';
import { openTestStore, type TestStore, testFolders } from './open-test-store.js';
import { SAMPLE_CREDENTIAL, sampleDatabase } from './sample-rows.js';

let test: TestStore;
beforeEach(() => (test = openTestStore()));
afterEach(() => test[Symbol.dispose]());

/** The same control database, opened with another key file. */
function reopenWith(keyring: Keyring) {
  return openStore(test.path, testFolders(test.folder), {
    clock: test.clock.read,
    sealer: keyring,
    sha256,
    generateId,
  });
}

describe('credentials', () => {
  it('are read as they were written, and sealed in between', () => {
    const { id } = sampleDatabase(test.store);
    expect(getCredential(test.store, id)).toEqual(SAMPLE_CREDENTIAL);
    const row = test.store.get<Record<string, string>>('SELECT * FROM credentials');
    expect(row?.password_sealed).toMatch(/^v1\./);
    expect(JSON.stringify(row)).not.toContain(SAMPLE_CREDENTIAL.password);
    expect(JSON.stringify(row)).not.toContain(SAMPLE_CREDENTIAL.verifier);
  });

  it('are gone once deleted', () => {
    const { id } = sampleDatabase(test.store);
    deleteCredential(test.store, id);
    expect(() => getCredential(test.store, id)).toThrow(`database ${id} has no credential`);
  });

  it('do not open when they are moved to another database', () => {
    const one = sampleDatabase(test.store, { name: 'one' });
    const two = sampleDatabase(test.store, { name: 'two' });
    test.store.run(
      `UPDATE credentials SET password_sealed = (SELECT password_sealed FROM credentials WHERE database_id = ?)
       WHERE database_id = ?`,
      one.id,
      two.id,
    );
    expect(() => getCredential(test.store, two.id)).toThrow();
    expect(getCredential(test.store, one.id)).toEqual(SAMPLE_CREDENTIAL);
  });

  it('do not open when password and verifier change places', () => {
    const { id } = sampleDatabase(test.store);
    test.store.run(
      'UPDATE credentials SET password_sealed = verifier_sealed, verifier_sealed = password_sealed',
    );
    expect(() => getCredential(test.store, id)).toThrow();
  });
});

describe('rotating the key', () => {
  it('seals everything anew with the first key, after which the old key can go', () => {
    const ids = ['one', 'two'].map((name) => sampleDatabase(test.store, { name }).id);
    const oldKey = test.keyring.activeKeyId;
    expect(listCredentialKeyIds(test.store)).toEqual([oldKey]);

    // The ring does not give its keys away: a new test store makes its own.
    const oldLine = generateKeyLine();
    const newLine = generateKeyLine();
    const before = Keyring.parse(oldLine);
    const sealedByOld = reopenWith(before);
    for (const id of ids) {
      sealedByOld.run('DELETE FROM credentials WHERE database_id = ?', id);
      sealedByOld.run(
        `INSERT INTO credentials (database_id, role, password_sealed, verifier_sealed, created_at) VALUES (?, 'app', ?, ?, 'now')`,
        id,
        before.seal(`password of ${id}`, { table: 'credentials', row: id, column: 'password_sealed' }),
        before.seal(`verifier of ${id}`, { table: 'credentials', row: id, column: 'verifier_sealed' }),
      );
    }
    sealedByOld.close();

    const both = reopenWith(Keyring.parse(newLine + oldLine));
    expect(resealCredentials(both)).toBe(2);
    expect(resealCredentials(both)).toBe(0);
    both.close();

    const only = reopenWith(Keyring.parse(newLine));
    expect(listCredentialKeyIds(only)).toEqual([Keyring.parse(newLine).activeKeyId]);
    for (const id of ids) expect(getCredential(only, id).password).toBe(`password of ${id}`);
    only.close();
  });

  it('changes nothing when one credential cannot be opened', () => {
    sampleDatabase(test.store, { name: 'one' });
    sampleDatabase(test.store, { name: 'two' });
    const rows = () => test.store.all('SELECT * FROM credentials ORDER BY database_id');
    const before = rows();
    const stranger = reopenWith(Keyring.parse(generateKeyLine()));
    expect(() => resealCredentials(stranger)).toThrow(/does not hold the key/);
    stranger.close();
    expect(rows()).toEqual(before);
  });
});
