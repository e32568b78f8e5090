import type { DatabaseContents } from '../../runtime.js';
import { identifier } from './quote.js';
import type { Session } from './session.js';

/** A table, or a materialised view, that has rows of its own. */
export interface Relation {
  schema: string;
  name: string;
  kind: 'table' | 'view';
  /** A materialised view that was never filled cannot be read. */
  filled: boolean;
}

/** All but PostgreSQL's own: nobody else may make a schema whose name begins so. */
const TENANTS = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

/** What belongs to an extension is not in a dump, but comes with the extension. */
const NOT_AN_EXTENSIONS = `NOT EXISTS (
  SELECT FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')`;

const RELATIONS = `
  SELECT n.nspname AS schema, c.relname AS name,
    CASE c.relkind WHEN 'm' THEN 'view' ELSE 'table' END AS kind, c.relispopulated AS filled
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND ${TENANTS} AND ${NOT_AN_EXTENSIONS}
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

const SCHEMAS = `
  SELECT n.nspname AS name FROM pg_catalog.pg_namespace n WHERE ${TENANTS} ORDER BY n.nspname COLLATE "C"`;

const EXTENSIONS = `
  SELECT e.extname AS name, e.extversion AS version, n.nspname AS schema
  FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
  ORDER BY e.extname COLLATE "C"`;

/** Tables per statement that locks them. */
const LOCK_BATCH = 200;
/** Tables per statement that counts their rows: a round trip for each would take longer than the counting. */
const COUNT_BATCH = 50;

/**
 * The relations of a transaction's snapshot, locked as pg_dump locks them. Without that, one that is emptied or
 * rewritten meanwhile would count as empty: such changes show in every snapshot.
 */
export async function lockRelations(session: Session): Promise<Relation[]> {
  const relations = await session.query<Relation>(RELATIONS);
  // A materialised view cannot be locked.
  const tables = relations.filter(({ kind }) => kind === 'table');
  for (let start = 0; start < tables.length; start += LOCK_BATCH) {
    const names = tables.slice(start, start + LOCK_BATCH).map((table) => `ONLY ${nameOf(table)}`);
    await session.run(`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`);
  }
  return relations;
}

/** What a transaction's snapshot holds. */
export async function readContents(
  session: Session,
  relations: readonly Relation[],
): Promise<DatabaseContents> {
  const [facts] = await session.query<{ version: string; objects: string | number }>(
    `SELECT pg_catalog.current_setting('server_version') AS version,
      (SELECT pg_catalog.count(*) FROM pg_catalog.pg_largeobject_metadata) AS objects`,
  );
  const extensions = await session.query<DatabaseContents['extensions'][number]>(EXTENSIONS);
  const schemas = await session.query<{ name: string }>(SCHEMAS);
  const tables: DatabaseContents['tables'] = [];
  for (let start = 0; start < relations.length; start += COUNT_BATCH) {
    tables.push(...(await countRows(session, relations.slice(start, start + COUNT_BATCH))));
  }
  return {
    // Packages add a name of their own after it.
    serverVersion: facts?.version.split(' ')[0] ?? '',
    extensions,
    schemas: schemas.map(({ name }) => name),
    tables,
    largeObjects: Number(facts?.objects),
  };
}

/** What a database holds. */
export async function contentsOf(session: Session): Promise<DatabaseContents> {
  await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const relations = await lockRelations(session);
  const contents = await readContents(session, relations);
  await session.run('COMMIT');
  return contents;
}

async function countRows(
  session: Session,
  relations: readonly Relation[],
): Promise<DatabaseContents['tables']> {
  const counts = relations.flatMap((relation, index) =>
    // ONLY: what inherits from it is counted on its own.
    relation.filled
      ? [`SELECT ${index} AS index, pg_catalog.count(*) AS rows FROM ONLY ${nameOf(relation)}`]
      : [],
  );
  const found = new Map<number, number>();
  if (counts.length > 0) {
    // Counting locks the indexes of a table too, and of locks there are only so many: going back gives them up.
    await session.run('SAVEPOINT counted');
    const rows = await session.query<{ index: number; rows: string | number }>(counts.join(' UNION ALL '));
    await session.run('ROLLBACK TO SAVEPOINT counted');
    await session.run('RELEASE SAVEPOINT counted');
    for (const row of rows) found.set(row.index, Number(row.rows));
  }
  return relations.map(({ schema, name, kind }, index) => ({
    schema,
    name,
    rows: found.get(index) ?? 0,
    ...(kind === 'view' && { kind }),
  }));
}

function nameOf({ schema, name }: Relation): string {
  return `${identifier(schema)}.${identifier(name)}`;
}
