import Sqlite from 'better-sqlite3';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../src/config.js';
import type { ApiDeps } from '../src/http/api-deps.js';
import { endpoints } from '../src/http/endpoints/index.js';
import { openapiDocument } from '../src/http/openapi.js';
import { migrate } from '../src/store/migrate.js';
import { envExample } from './env-example.js';

/** The files that are checked in and made from the source, by their path from `root`, the repository. */
export function generatedFiles(root: string): Record<string, string> {
  return {
    '.env.example': envExample(),
    'docs/openapi.json': openapi(root),
    'docs/schema.sql': schema(join(root, 'migrations')),
  };
}

/** What a daemon with the default settings serves. */
function openapi(root: string): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  // Of all that endpoints need to work, only the versions on offer show in what they accept.
  const deps = { versions: readConfig({}).versions } as unknown as ApiDeps;
  return `${JSON.stringify(openapiDocument(endpoints(deps), version), null, 2)}\n`;
}

/** The schema that all migrations together make: each table with its indexes and triggers. */
function schema(migrations: string): string {
  const sql = new Sqlite(':memory:');
  // An empty database has nothing to copy.
  migrate(sql, { migrations, copies: '' });
  const rows = sql
    .prepare(
      `SELECT m.sql FROM sqlite_master m JOIN sqlite_master t ON t.type = 'table' AND t.name = m.tbl_name
       WHERE m.sql IS NOT NULL AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
       ORDER BY t.rowid, m.type = 'table' DESC, m.type, m.name`,
    )
    .all() as { sql: string }[];
  sql.close();
  const header = '-- The schema after all migrations, made by `npm run generate`.';
  return `${[header, ...rows.map((row) => `${row.sql};`)].join('\n\n')}\n`;
}
