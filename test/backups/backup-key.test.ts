import {
  folderNamesOf,
  parseFolderNames,
  parseStem,
  stemOf,
  type BackupKey,
} from '../../src/backups/backup-key.js';
import { backupsAmong, placeOf } from '../../src/backups/disk/place.js';
import { FOLDER, STEM } from './sample-backup.js';
import { KEY } from './sample-manifest.js';

const { backupId, createdAt, ...DATABASE } = KEY;

describe('the place of a backup', () => {
  it('tells whose it is and when it was made', () => {
    expect(placeOf('/backups', KEY)).toMatchObject({
      folder: `/backups/${FOLDER}`,
      dump: `/backups/${FOLDER}/${STEM}.dump`,
      manifest: `/backups/${FOLDER}/${STEM}.json`,
    });
  });

  it('is read back', () => {
    const [, org = '', app = '', leaf = ''] = folderNamesOf(KEY);
    expect(parseFolderNames(org, app, leaf)).toEqual(DATABASE);
    expect(parseStem(stemOf(KEY))).toEqual({ backupId, createdAt });
  });

  it('is read back when a name has hyphens, or looks as if it ended in an id', () => {
    for (const databaseName of ['a--b-', 'main-1d00000000000000', 'x'.repeat(63)]) {
      const leaf = folderNamesOf({ ...DATABASE, databaseName })[3] ?? '';
      expect(parseFolderNames('acme', 'web', leaf)).toMatchObject({
        databaseName,
        databaseId: KEY.databaseId,
      });
    }
  });

  it('puts an unfinished file where nobody takes it for a finished one', () => {
    const { unfinishedDump, unfinishedManifest } = placeOf('/backups', KEY);
    expect(unfinishedDump).toBe(`/backups/${FOLDER}/.${STEM}.dump.unfinished`);
    expect(unfinishedManifest).toBe(`/backups/${FOLDER}/.${STEM}.json.unfinished`);
  });

  const EVIL = ['', '.', '..', '../..', 'a/b', 'A', 'main\0', 'main\n', ' main', 'a.b', 'ä1', 'x'.repeat(64)];
  it.each(EVIL)('is none for %j', (text) => {
    for (const field of ['org', 'app', 'databaseName', 'databaseId', 'backupId', 'createdAt'] as const) {
      const key: BackupKey = { ...KEY, [field]: text };
      expect(() => placeOf('/backups', key)).toThrow(TypeError);
    }
  });

  it.each(['2030-01-31', '2030-01-31T12:34:56Z', '../../etc/passwd', '2030-01-31T12:34:56.789Z/..'])(
    'is none for the time %s',
    (time) => {
      expect(() => stemOf({ backupId, createdAt: time })).toThrow(TypeError);
    },
  );
});

describe('files', () => {
  const dump = `${STEM}.dump`;

  it('that are ours are known by their whole names', () => {
    expect(backupsAmong([dump, `${STEM}.json`], 'finished')).toEqual([{ backupId, createdAt }]);
    expect(backupsAmong([`.${dump}.unfinished`, `.${STEM}.json.unfinished`], 'unfinished')).toEqual([
      { backupId, createdAt },
    ]);
  });

  const OTHERS = [
    'README',
    `${dump}.gz`,
    `${dump}~`,
    `copy-${dump}`,
    `${dump}\n`,
    `.${dump}.unfinished.1`,
    `.${dump}.unfinishe`,
    `.unfinished`,
    `..${dump}.unfinished`,
    `.${STEM}.sql.unfinished`,
    `.${STEM}0.dump.unfinished`,
    '.2030-01-31T12-34-56.789Z-2B00000000000000.dump.unfinished',
    '.2030-01-31T12-34-56Z-2b00000000000000.dump.unfinished',
  ];
  it.each([`.${dump}.unfinished`, `.${dump}`, ...OTHERS])(
    'that are called %j are no finished ones',
    (name) => {
      expect(backupsAmong([name], 'finished')).toEqual([]);
    },
  );

  it.each([dump, `${STEM}.json`, `${dump}.unfinished`, `.${dump}`, ...OTHERS])(
    'that are called %j are no unfinished ones',
    (name) => {
      expect(backupsAmong([name], 'unfinished')).toEqual([]);
    },
  );
});

describe('folders', () => {
  it.each([
    'main',
    'main-',
    '-1d00000000000000',
    'main_1d00000000000000',
    'main-1d0000000000000',
    'main-xd00000000000000',
    'MAIN-1d00000000000000',
  ])('called %s are not ours', (leaf) => {
    expect(parseFolderNames('acme', 'web', leaf)).toBeNull();
  });
});
