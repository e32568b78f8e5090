import { z } from 'zod';
import type { Token } from '../../domain/records.js';
import { ORG_ROLES, ROLES } from '../../domain/roles.js';
import { labelField, nameField, timeField } from './fields.js';

export const newTokenSchema = z
  .strictObject({
    name: labelField.meta({ description: 'What the token is for.' }),
    role: z.enum(ORG_ROLES),
    expiresAt: timeField.optional(),
    app: nameField
      .optional()
      .meta({ description: 'The one app the token is for. Left out: all of the org.' }),
  })
  .meta({ id: 'NewToken' });

export const tokenSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    app: z.string().nullable(),
    createdAt: z.string(),
    expiresAt: z.string().nullable(),
    lastUsedAt: z.string().nullable(),
  })
  .meta({ id: 'Token' });

export const createdTokenSchema = tokenSchema
  .extend({ token: z.string().meta({ description: 'The bearer token. It is shown this once.' }) })
  .meta({ id: 'CreatedToken' });

export function tokenResource(token: Token): z.input<typeof tokenSchema> {
  const { id, name, role, app, createdAt, expiresAt, lastUsedAt } = token;
  return { id, name, role, app, createdAt, expiresAt, lastUsedAt };
}
