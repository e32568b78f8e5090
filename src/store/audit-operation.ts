import type { Settled } from '../domain/operation-handler.js';
import { appendAuditEvent } from './audit.js';
import type { Store } from './store.js';

/** Tells the audit log what became of an operation. */
export function auditOperation(
  store: Store,
  { operation, database }: Settled,
  outcome: 'succeeded' | 'failed',
  detail: Record<string, unknown> = {},
): void {
  appendAuditEvent(store, {
    org: database.org,
    actor: 'system',
    action: `operation.${operation.kind}.${outcome}`,
    target: `${database.app}/${database.name}`,
    detail: { databaseId: database.id, operationId: operation.id, ...detail },
    requestId: null,
  });
}
