import type { Sealer } from '../domain/sealer.js';
import type { Store } from './store.js';

/** The login that the clients of a database use. */
export interface Credential {
  role: string;
  password: string;
  /** The SCRAM verifier of that password. */
  verifier: string;
}

interface Row {
  role: string;
  passwordSealed: string;
  verifierSealed: string;
}

const COLUMNS = 'role, password_sealed AS passwordSealed, verifier_sealed AS verifierSealed';

export function insertCredential(store: Store, databaseId: string, credential: Credential): void {
  const sealed = seal(store.sealer, databaseId, credential);
  store.run(
    `INSERT INTO credentials (database_id, role, password_sealed, verifier_sealed, created_at) VALUES (?, ?, ?, ?, ?)`,
    databaseId,
    sealed.role,
    sealed.passwordSealed,
    sealed.verifierSealed,
    store.now(),
  );
}

export function getCredential(store: Store, databaseId: string): Credential {
  const row = store.get<Row>(`SELECT ${COLUMNS} FROM credentials WHERE database_id = ?`, databaseId);
  if (!row) throw new Error(`database ${databaseId} has no credential`);
  return open(store.sealer, databaseId, row);
}

/** The credential of a deleted database opens nothing any more. */
export function deleteCredential(store: Store, databaseId: string): void {
  store.run('DELETE FROM credentials WHERE database_id = ?', databaseId);
}

/** The ids of the keys that sealed what is stored. */
export function listCredentialKeyIds(store: Store): string[] {
  const rows = store.all<Row>(`SELECT ${COLUMNS} FROM credentials`);
  return [
    ...new Set(
      rows.flatMap((row) => [row.passwordSealed, row.verifierSealed]).map((s) => store.sealer.keyIdOf(s)),
    ),
  ];
}

/** Seals with the active key whatever an older one sealed. Returns how many credentials that were. */
export function resealCredentials(store: Store): number {
  return store.transaction(() => {
    const stale = store
      .all<Row & { databaseId: string }>(`SELECT database_id AS databaseId, ${COLUMNS} FROM credentials`)
      .filter((row) => store.sealer.keyIdOf(row.passwordSealed) !== store.sealer.activeKeyId);
    for (const row of stale) {
      const sealed = seal(store.sealer, row.databaseId, open(store.sealer, row.databaseId, row));
      store.run(
        'UPDATE credentials SET password_sealed = ?, verifier_sealed = ? WHERE database_id = ?',
        sealed.passwordSealed,
        sealed.verifierSealed,
        row.databaseId,
      );
    }
    return stale.length;
  });
}

function placeOf(databaseId: string, column: string) {
  return { table: 'credentials', row: databaseId, column };
}

function seal(sealer: Sealer, databaseId: string, { role, password, verifier }: Credential): Row {
  return {
    role,
    passwordSealed: sealer.seal(password, placeOf(databaseId, 'password_sealed')),
    verifierSealed: sealer.seal(verifier, placeOf(databaseId, 'verifier_sealed')),
  };
}

function open(sealer: Sealer, databaseId: string, row: Row): Credential {
  return {
    role: row.role,
    password: sealer.open(row.passwordSealed, placeOf(databaseId, 'password_sealed')),
    verifier: sealer.open(row.verifierSealed, placeOf(databaseId, 'verifier_sealed')),
  };
}
