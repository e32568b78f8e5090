import type { DatabaseSpec } from '../../src/runtime/runtime.js';
import type { EngineFixture } from './engine-fixture.js';

/** Nothing is left of any load but the former data that was kept. */
export async function nothingOfLoads(
  fixture: EngineFixture,
  spec: DatabaseSpec,
  kept: readonly string[] = [],
): Promise<void> {
  const made = await fixture.query(
    spec,
    `SELECT datname AS name FROM pg_database WHERE datname ~ '^paasdb_'
     UNION ALL SELECT rolname FROM pg_roles WHERE rolname ~ '^paasdb_'`,
    'direct',
  );
  expect(made.map(({ name }: { name: string }) => name).sort()).toEqual([...kept].sort());
  expect((await fixture.left()).filter((thing) => thing.includes('-load-'))).toEqual([]);
}
