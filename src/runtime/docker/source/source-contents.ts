import type { DatabaseContents } from '../../runtime.js';
import { lockRelations, readContents, type Relation } from '../sql/contents.js';
import type { Session } from '../sql/session.js';

/** What a source holds, and what is needed to compare that with what was made of it. */
export interface SourceContents extends DatabaseContents {
  /** Schemas that came with an extension, and that are not in a dump. */
  extensionSchemas: { schema: string; extension: string }[];
}

/** A transaction on a source whose snapshot others can use. */
export interface SourceSnapshot {
  id: string;
  relations: Relation[];
}

const EXTENSION_SCHEMAS = `
  SELECT n.nspname AS schema, e.extname AS extension
  FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_namespace n ON n.oid = d.objid
    JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
  WHERE d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND d.deptype = 'e'
    AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
  ORDER BY n.nspname COLLATE "C"`;

/** Begins it, and locks what it holds as pg_dump does. All settings end with it: the session may be a pooler's. */
export async function beginSnapshot(session: Session, sourceMajor: number): Promise<SourceSnapshot> {
  await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  for (const setting of settings(sourceMajor)) await session.run(`SET LOCAL ${setting}`);
  const [exported] = await session.query<{ id: string }>('SELECT pg_catalog.pg_export_snapshot() AS id');
  return { id: exported?.id ?? '', relations: await lockRelations(session) };
}

function settings(major: number): string[] {
  return [
    'search_path = pg_catalog',
    'statement_timeout = 0',
    // A migration that waits for us is waited for by everybody else.
    "lock_timeout = '10s'",
    // What is hidden would not be counted.
    ...(major >= 10 ? ['row_security = off', 'idle_in_transaction_session_timeout = 0'] : []),
    ...(major >= 17 ? ['transaction_timeout = 0'] : []),
  ];
}

export async function readSource(session: Session, { relations }: SourceSnapshot): Promise<SourceContents> {
  const extensionSchemas = await session.query<SourceContents['extensionSchemas'][number]>(EXTENSION_SCHEMAS);
  return { ...(await readContents(session, relations)), extensionSchemas };
}
