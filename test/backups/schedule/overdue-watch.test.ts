import { OverdueWatch } from '../../../src/backups/schedule/overdue-watch.js';
import { isBackupOverdue } from '../../../src/domain/backup-overdue.js';
import { setDatabaseStatus } from '../../../src/store/databases.js';
import { MemoryLogger } from '../../memory-logger.js';
import { openTestStore, type TestStore } from '../../store/open-test-store.js';
import { readyDatabase, sampleApp } from '../../store/sample-rows.js';

const HOUR_MS = 3_600_000;

let test: TestStore;
let logger: MemoryLogger;
beforeEach(() => {
  test = openTestStore();
  logger = new MemoryLogger();
});
afterEach(() => test[Symbol.dispose]());

const watch = () =>
  new OverdueWatch({
    store: test.store,
    isOverdue: (facts) => isBackupOverdue(facts, test.clock.read(), 26 * HOUR_MS),
    clock: test.clock.read,
    logger,
    intervalMs: HOUR_MS,
  });

it('names the databases whose backups are overdue, once an hour, a failed one too', () => {
  const main = readyDatabase(test.store);
  const other = readyDatabase(test.store, { app: sampleApp(test.store, { org: 'globex' }) });
  readyDatabase(test.store, { name: 'cache', plan: 'free' });
  setDatabaseStatus(test.store, other.id, 'failed', 'its volume is gone');
  const overdue = watch();
  overdue.look();
  expect(logger.lines).toEqual([]);
  test.clock.advance(27 * HOUR_MS);
  for (let minutes = 0; minutes < 120; minutes += 20) {
    overdue.look();
    test.clock.advance(20 * 60_000);
  }
  expect(logger.messages('warn')).toHaveLength(2);
  const { databases, ...fields } = logger.lines[0]?.fields ?? {};
  expect(fields).toEqual({ overdue: 2 });
  expect(new Set(databases as object[])).toEqual(
    new Set([
      { databaseId: main.id, name: 'acme/web/main', status: 'ready', lastBackupAt: null },
      { databaseId: other.id, name: 'globex/web/main', status: 'failed', lastBackupAt: null },
    ]),
  );
});

it('is not silenced by a clock that is set back', () => {
  readyDatabase(test.store);
  test.clock.advance(1000 * HOUR_MS);
  const overdue = watch();
  overdue.look();
  test.clock.advance(-500 * HOUR_MS);
  overdue.look();
  expect(logger.messages('warn')).toHaveLength(2);
});

it('names twenty at the most', () => {
  test.store.transaction(() => {
    for (let n = 0; n < 30; n += 1) readyDatabase(test.store, { name: `db-${n}` });
  });
  test.clock.advance(27 * HOUR_MS);
  watch().look();
  expect(logger.lines[0]?.fields).toMatchObject({ overdue: 30 });
  expect(logger.lines[0]?.fields.databases).toHaveLength(20);
});
