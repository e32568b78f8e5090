import type { AuditEvent } from '../domain/records.js';
import { readPage, type Page, type PageRequest } from './page.js';
import type { Store } from './store.js';

const COLUMNS = `id, at, org, actor, action, target, detail, request_id AS requestId,
  previous_hash AS previousHash, hash`;

/** What the first event is chained to. */
const GENESIS = '0'.repeat(64);

export interface NewAuditEvent {
  org: string | null;
  actor: string;
  action: string;
  target: string;
  detail?: Record<string, unknown>;
  requestId: string | null;
}

/** Appends an event. Call it in the transaction of what it tells of. */
export function appendAuditEvent(store: Store, { detail, ...event }: NewAuditEvent): void {
  const last = store.get<{ hash: string }>('SELECT hash FROM audit_events ORDER BY id DESC LIMIT 1');
  const link = {
    ...event,
    at: store.now(),
    detail: JSON.stringify(detail ?? {}),
    previousHash: last?.hash ?? GENESIS,
  };
  store.run(
    `INSERT INTO audit_events (at, org, actor, action, target, detail, request_id, previous_hash, hash)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    link.at,
    link.org,
    link.actor,
    link.action,
    link.target,
    link.detail,
    link.requestId,
    link.previousHash,
    hashOf(store, link),
  );
}

/** The events of an org, newest first. */
export function listAuditEvents(store: Store, org: string, page: PageRequest): Page<AuditEvent> {
  return readPage<AuditEvent>(
    store,
    {
      select: `SELECT ${COLUMNS} FROM audit_events WHERE org = ?`,
      values: [org],
      orderBy: ['id'],
      direction: 'DESC',
      keyOf: (event) => [event.id],
    },
    page,
  );
}

/** The id of the first event that does not fit the one before it, or `null` when the chain is whole. */
export function findBrokenAuditEvent(store: Store): number | null {
  const BATCH = 1000;
  let previousHash = GENESIS;
  let id = 0;
  for (;;) {
    const events = store.all<AuditEvent>(
      `SELECT ${COLUMNS} FROM audit_events WHERE id > ? ORDER BY id LIMIT ${BATCH}`,
      id,
    );
    for (const event of events) {
      if (event.previousHash !== previousHash || event.hash !== hashOf(store, event)) return event.id;
      ({ hash: previousHash, id } = event);
    }
    if (events.length < BATCH) return null;
  }
}

function hashOf(store: Store, event: Omit<AuditEvent, 'id' | 'hash'>): string {
  const { previousHash, at, org, actor, action, target, detail, requestId } = event;
  return store
    .sha256(JSON.stringify([previousHash, at, org, actor, action, target, detail, requestId]))
    .toString('hex');
}
