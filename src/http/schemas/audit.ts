import { z } from 'zod';
import type { AuditEvent } from '../../domain/records.js';

export const auditEventSchema = z
  .object({
    id: z.int(),
    at: z.string(),
    org: z.string().nullable(),
    actor: z.string().meta({ description: 'The id of a token, or system.' }),
    action: z.string(),
    target: z.string(),
    detail: z.record(z.string(), z.unknown()),
    requestId: z.string().nullable(),
    previousHash: z.string(),
    hash: z.string().meta({
      description:
        'Hex SHA-256 of the JSON array [previousHash, at, org, actor, action, target, detail as text, requestId].',
    }),
  })
  .meta({ id: 'AuditEvent' });

export function auditEventResource(event: AuditEvent): z.input<typeof auditEventSchema> {
  return { ...event, detail: JSON.parse(event.detail) as Record<string, unknown> };
}
