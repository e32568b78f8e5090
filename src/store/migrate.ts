import type Sqlite from 'better-sqlite3';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = /^(\d{4})_[a-z0-9_]+\.sql$/;

/**
 * Brings the schema up to the newest `NNNN_name.sql`, each file in a transaction of its own together with the
 * number that says it ran. Throws when the database was written by a newer version.
 */
export function migrate(sql: Sqlite.Database, folder: string): void {
  const files = readdirSync(folder)
    .filter((file) => FILE.test(file))
    .sort();
  const misnamed = readdirSync(folder).find((file) => file.endsWith('.sql') && !FILE.test(file));
  if (misnamed !== undefined) throw new Error(`${join(folder, misnamed)} is not named NNNN_name.sql`);
  const current = sql.pragma('user_version', { simple: true }) as number;
  if (current > files.length) {
    throw new Error(
      `the control database is at schema ${current}, this version knows ${files.length}: start the newer version that wrote it`,
    );
  }
  for (const [index, file] of files.entries()) {
    const version = index + 1;
    if (Number(FILE.exec(file)?.[1]) !== version)
      throw new Error(`migration ${version} is missing in ${folder}`);
    if (version <= current) continue;
    sql
      .transaction(() => {
        sql.exec(readFileSync(join(folder, file), 'utf8'));
        sql.pragma(`user_version = ${version}`);
      })
      .immediate();
  }
}
