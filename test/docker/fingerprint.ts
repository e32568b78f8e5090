import type { DatabaseSpec } from '../../src/runtime/runtime.js';
import type { EngineFixture } from './engine-fixture.js';
import { runIn } from './run-in.js';

/** All of a database: what pg_dump prints of its schema, and a hash of the rows of each table. */
export async function fingerprintOf(
  fixture: EngineFixture,
  spec: DatabaseSpec,
): Promise<{ schema: string; rows: Record<string, string> }> {
  const container = fixture.container(spec, 'postgres');
  const schema = String(await runIn(container, ['pg_dump', '-s', '-U', 'app', '--role=app', 'app']));
  await using client = await fixture.connect(spec, 'direct');
  await client.query(`SET ROLE ${spec.login.role}`);
  const { rows: tables } = await client.query<{ name: string }>(`
    SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE relkind IN ('r', 'm') AND relispopulated AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`);
  const rows: Record<string, string> = {};
  for (const { name } of tables) {
    const hash = `SELECT md5(coalesce(string_agg(t::text, ',' ORDER BY t::text COLLATE "C"), '')) AS hash FROM ONLY ${name} t`;
    rows[name] = (await client.query<{ hash: string }>(hash)).rows[0]?.hash ?? '';
  }
  const { rows: objects } = await client.query<{ hash: string }>(
    `SELECT string_agg(oid || ':' || md5(lo_get(oid)), ',' ORDER BY oid) AS hash FROM pg_largeobject_metadata`,
  );
  rows['large objects'] = objects[0]?.hash ?? '';
  // From this year's minor versions on, every dump has a key of its own.
  return { schema: schema.replaceAll(/^\\(un)?restrict .*$/gm, ''), rows };
}
