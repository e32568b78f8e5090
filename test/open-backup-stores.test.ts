import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../src/config.js';
import { openBackupStores } from '../src/open-backup-stores.js';
import { keep } from './backups/sample-backup.js';
import { KEY } from './backups/sample-manifest.js';
import { startS3 } from './backups/s3-server.js';
import { MemoryLogger } from './memory-logger.js';
import { openTestStore } from './store/open-test-store.js';
import { defined } from './store/sample-rows.js';

it.each([
  ['copies', '.dump', '.dump.age'],
  ['all', '.dump.age', '.dump.age'],
  ['none', '.dump', '.dump'],
])('PAASDB_BACKUP_ENCRYPTION=%s makes files %s and objects %s', async (encryption, ofFiles, ofObjects) => {
  await using s3 = await startS3();
  using test = openTestStore();
  const backupDir = join(test.folder, 'elsewhere');
  mkdirSync(backupDir);
  const config = readConfig({
    PAASDB_DATA_DIR: test.folder,
    PAASDB_BACKUP_DIR: backupDir,
    PAASDB_BACKUP_ENCRYPTION: encryption,
    PAASDB_S3_BUCKET: s3.bucket.name,
    PAASDB_S3_ENDPOINT: defined(s3.bucket.endpoint ?? undefined),
    PAASDB_S3_ACCESS_KEY_ID: s3.bucket.accessKeyId,
    PAASDB_S3_SECRET_ACCESS_KEY: s3.bucket.secretAccessKey,
  });
  const { disk, copies } = await openBackupStores(test.store, config, new MemoryLogger());
  await keep(disk);
  const { signal } = new AbortController();
  await defined(copies ?? undefined).put(KEY, await disk.openFile(KEY), signal);
  copies?.close();
  const dumps = (names: string[]) => names.filter((name) => name.includes('.dump'));
  const files = readdirSync(backupDir, { recursive: true, encoding: 'utf8' });
  expect(dumps(files)).toEqual([expect.stringMatching(new RegExp(`\\d${ofFiles}$`))]);
  expect(dumps(await s3.keys())).toEqual([expect.stringMatching(new RegExp(`\\d${ofObjects}$`))]);
});
