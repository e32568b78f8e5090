import type { Session } from '../sql/session.js';

const NOT_AN_EXTENSIONS = (catalog: string, oid: string) => `NOT EXISTS (
  SELECT FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.${catalog}'::regclass AND d.objid = ${oid} AND d.deptype = 'e')`;

const TENANTS = (namespace: string) =>
  `${namespace} IN (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')`;

/** What somebody has made in a database, the first of each kind. */
const OBJECTS = `
  (SELECT 'schema ' || nspname AS what FROM pg_catalog.pg_namespace n
    WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')
      AND ${NOT_AN_EXTENSIONS('pg_namespace', 'n.oid')} LIMIT 1)
  UNION ALL
  (SELECT 'extension ' || extname FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql' LIMIT 1)
  UNION ALL
  (SELECT 'relation ' || c.oid::regclass FROM pg_catalog.pg_class c
    WHERE ${TENANTS('relnamespace')} AND ${NOT_AN_EXTENSIONS('pg_class', 'c.oid')} LIMIT 1)
  UNION ALL
  (SELECT 'function ' || p.oid::regprocedure FROM pg_catalog.pg_proc p
    WHERE ${TENANTS('pronamespace')} AND ${NOT_AN_EXTENSIONS('pg_proc', 'p.oid')} LIMIT 1)
  UNION ALL
  (SELECT 'type ' || t.oid::regtype FROM pg_catalog.pg_type t
    WHERE typrelid = 0 AND typelem = 0 AND ${TENANTS('typnamespace')} AND ${NOT_AN_EXTENSIONS('pg_type', 't.oid')} LIMIT 1)
  UNION ALL
  (SELECT 'large object ' || oid FROM pg_catalog.pg_largeobject_metadata LIMIT 1)`;

/** Names some of what a database holds that PostgreSQL did not put there; none for an empty one. */
export async function findUserObjects(session: Session): Promise<string[]> {
  return (await session.query<{ what: string }>(OBJECTS)).map(({ what }) => what);
}
