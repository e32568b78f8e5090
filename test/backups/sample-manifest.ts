import type { Manifest, StoredFile } from '../../src/backups/manifest.js';

export const KEY = {
  org: 'acme',
  app: 'web-shop',
  databaseName: 'main',
  databaseId: '1d00000000000000',
  backupId: '2b00000000000000',
  createdAt: '2030-01-31T12:34:56.789Z',
};

/** The manifest of a backup that is called by `key` and is this dump, in a file that is not encrypted by default. */
export function manifestOf(
  key: typeof KEY,
  { sizeBytes, sha256, file }: Pick<Manifest, 'sizeBytes' | 'sha256'> & { file?: StoredFile },
): Manifest {
  const { createdAt, ...names } = key;
  return {
    ...names,
    sizeBytes,
    sha256,
    file: file ?? { sizeBytes, sha256, encryption: null },
    kind: 'scheduled',
    engineVersion: 17,
    serverVersion: '17.6',
    pgDumpVersion: '17.6',
    compression: 'gzip:6',
    startedAt: createdAt,
    finishedAt: '2031-01-01T00:00:00.000Z',
    contents: {
      extensions: [{ name: 'plpgsql', version: '1.0', schema: 'pg_catalog' }],
      schemas: ['public'],
      tables: [{ schema: 'public', name: 'orders', rows: 42 }],
      largeObjects: 0,
    },
  };
}
