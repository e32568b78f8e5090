import Sqlite from 'better-sqlite3';
import { appendAuditEvent, findBrokenAuditEvent, listAuditEvents } from '../../src/store/audit.js';
import { openTestStore, type TestStore } from './open-test-store.js';

let test: TestStore;
beforeEach(() => (test = openTestStore()));
afterEach(() => test[Symbol.dispose]());

const append = (action: string, org: string | null = 'acme') =>
  appendAuditEvent(test.store, {
    org,
    actor: '1actor',
    action,
    target: 'web/main',
    detail: { why: action },
    requestId: null,
  });

/** Changes the file behind the store's back, as somebody with access to it could. */
function tamper(...statements: string[]): void {
  const sql = new Sqlite(test.path);
  sql.exec('DROP TRIGGER audit_events_no_update; DROP TRIGGER audit_events_no_delete;');
  for (const statement of statements) sql.exec(statement);
  sql.close();
}

describe('the audit log', () => {
  it('is whole when it is empty and after every event', () => {
    expect(findBrokenAuditEvent(test.store)).toBeNull();
    for (const action of ['one', 'two', 'three']) append(action);
    expect(findBrokenAuditEvent(test.store)).toBeNull();
  });

  it('is checked to its end when it is long', () => {
    test.store.transaction(() => {
      for (let n = 0; n < 2500; n++) append(`event.${n}`);
    });
    expect(findBrokenAuditEvent(test.store)).toBeNull();
    tamper(`UPDATE audit_events SET actor = 'somebody' WHERE id = 2400`);
    expect(findBrokenAuditEvent(test.store)).toBe(2400);
  });

  it.each(['UPDATE audit_events SET actor = ?', 'DELETE FROM audit_events WHERE actor <> ?'])(
    'refuses %s',
    (statement) => {
      append('one');
      expect(() => test.store.run(statement, 'somebody')).toThrow('the audit log is append-only');
    },
  );

  it.each(['at', 'org', 'actor', 'action', 'target', 'detail', 'request_id', 'previous_hash', 'hash'])(
    'shows that %s of an event was altered',
    (column) => {
      for (const action of ['one', 'two', 'three']) append(action);
      tamper(`UPDATE audit_events SET ${column} = 'altered' WHERE id = 2`);
      expect(findBrokenAuditEvent(test.store)).toBe(2);
    },
  );

  it('shows that an event was taken out', () => {
    for (const action of ['one', 'two', 'three']) append(action);
    tamper('DELETE FROM audit_events WHERE id = 2');
    expect(findBrokenAuditEvent(test.store)).toBe(3);
  });

  it('shows that the first event was taken out', () => {
    for (const action of ['one', 'two']) append(action);
    tamper('DELETE FROM audit_events WHERE id = 1');
    expect(findBrokenAuditEvent(test.store)).toBe(2);
  });

  it('shows that two events changed places', () => {
    for (const action of ['one', 'two', 'three']) append(action);
    tamper(
      'UPDATE audit_events SET id = 99 WHERE id = 2',
      'UPDATE audit_events SET id = 2 WHERE id = 3',
      'UPDATE audit_events SET id = 3 WHERE id = 99',
    );
    expect(findBrokenAuditEvent(test.store)).toBe(2);
  });

  it('loses the event of a change that was taken back, and stays whole', () => {
    append('one');
    expect(() =>
      test.store.transaction(() => {
        append('two');
        throw new Error('no');
      }),
    ).toThrow('no');
    append('three');
    const { data } = listAuditEvents(test.store, 'acme', { limit: 10, cursor: null });
    expect(data.map(({ action }) => action)).toEqual(['three', 'one']);
    expect(findBrokenAuditEvent(test.store)).toBeNull();
  });

  it('is listed newest first, for one org only, page by page', () => {
    for (const action of ['one', 'two', 'three']) append(action);
    append('foreign', 'globex');
    append('of the host', null);
    const first = listAuditEvents(test.store, 'acme', { limit: 2, cursor: null });
    const second = listAuditEvents(test.store, 'acme', { limit: 2, cursor: first.nextCursor });
    expect([...first.data, ...second.data].map(({ action }) => action)).toEqual(['three', 'two', 'one']);
  });
});
