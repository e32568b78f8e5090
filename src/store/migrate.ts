import type Sqlite from 'better-sqlite3';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyDatabase } from './copy-database.js';

const FILE = /^(\d{4})_[a-z0-9_]+\.sql$/;

export interface MigrationFolders {
  /** Holds every `NNNN_name.sql` there is. */
  migrations: string;
  /** Gets a copy of the database before it is changed. */
  copies: string;
}

/**
 * Brings the schema up to the newest `NNNN_name.sql`, all of them or none, after a copy of what was there. The
 * copy is named for its schema, so that a start which fails again and again does not fill the disk.
 *
 * Throws when a file fails, and when the database was written by a newer version: how to go back is in the
 * message.
 */
export function migrate(sql: Sqlite.Database, folders: MigrationFolders): void {
  const files = listMigrations(folders.migrations);
  const current = sql.pragma('user_version', { simple: true }) as number;
  const copy = (schema: number) => join(folders.copies, `paasdb-schema-${schema}.sqlite`);
  if (current > files.length) throw new Error(newerMessage(current, files.length, copy(files.length)));
  if (current === files.length) return;
  let doing = `copying the control database to ${copy(current)}`;
  try {
    if (current > 0) copyDatabase(sql, copy(current));
    sql
      .transaction(() => {
        for (const file of files.slice(current)) {
          doing = `migration ${file}`;
          sql.exec(readFileSync(join(folders.migrations, file), 'utf8'));
        }
        sql.pragma(`user_version = ${files.length}`);
      })
      .immediate();
  } catch (error) {
    throw new Error(failedMessage(doing, error as Error, current), { cause: error });
  }
}

function listMigrations(folder: string): string[] {
  const names = readdirSync(folder).sort();
  const misnamed = names.find((file) => file.endsWith('.sql') && !FILE.test(file));
  if (misnamed !== undefined) throw new Error(`${join(folder, misnamed)} is not named NNNN_name.sql`);
  const files = names.filter((file) => FILE.test(file));
  for (const [index, file] of files.entries()) {
    const version = index + 1;
    if (Number(FILE.exec(file)?.[1]) !== version)
      throw new Error(`migration ${version} is missing in ${folder}`);
  }
  return files;
}

function newerMessage(current: number, known: number, copy: string): string {
  const message = `the control database is at schema ${current}, this version knows ${known}: start the newer version that wrote it`;
  return existsSync(copy)
    ? `${message}. To go back all the same, and lose what was done since, put ${copy} in its place`
    : message;
}

function failedMessage(doing: string, { message }: Error, current: number): string {
  const failed = `${doing} failed (${message})`;
  return current === 0
    ? failed
    : `${failed}. The control database is as it was, at schema ${current}: start the version that ran before`;
}
