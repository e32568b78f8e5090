import { z } from 'zod';
import { DATABASE_STATUSES } from '../../domain/database-status.js';
import type { Endpoints } from '../../domain/environment.js';
import { DATABASE_PLANS, PLAN_OFFERS, POOL } from '../../domain/plans.js';
import type { Database } from '../../domain/records.js';
import { nameField } from './fields.js';

/** The major versions as strings and numbers: both `"17"` and `17` are understood. */
function engineVersionField(versions: readonly number[]) {
  const allowed = versions.map(String);
  return z
    .union([z.enum(allowed), z.literal(versions)], { error: `must be one of ${allowed.join(', ')}` })
    .transform(Number);
}

export function databaseSettingsSchema(versions: readonly number[]) {
  return z
    .strictObject({
      engineVersion: engineVersionField(versions).optional(),
      plan: z.enum(DATABASE_PLANS).optional(),
    })
    .meta({ id: 'DatabaseSettings' });
}

export function newDatabaseSchema(versions: readonly number[]) {
  return z
    .strictObject({
      name: nameField,
      engineVersion: engineVersionField(versions).optional(),
      plan: z.enum(DATABASE_PLANS).optional(),
      fromVolume: z.string().max(64).optional().meta({
        description: 'The id of a preserved volume of the same org, to attach instead of a new one.',
      }),
    })
    .meta({ id: 'NewDatabase' });
}

export const databaseSchema = z
  .object({
    id: z.string(),
    org: z.string(),
    app: z.string(),
    name: z.string(),
    engineVersion: z.string(),
    plan: z.enum(DATABASE_PLANS),
    status: z.enum(DATABASE_STATUSES),
    errorMessage: z.string().nullable(),
    host: z.string(),
    port: z.int(),
    directHost: z.string(),
    directPort: z.int(),
    pool: z.object({ mode: z.literal('transaction'), size: z.int(), maxClientConnections: z.int() }),
    resources: z.object({
      instances: z.int(),
      storageBytes: z.int(),
      memoryBytes: z.int(),
      backup: z.enum(['none', 'scheduled']).meta({
        description:
          'Whether it is backed up without being asked: when, `PAASDB_BACKUP_SCHEDULE` of the host says, by default every day.',
      }),
    }),
    lastBackupAt: z.string().nullable(),
    lastVerifiedBackupAt: z.string().nullable(),
    nextBackupAt: z.string().nullable().meta({
      description: 'When it is backed up next without being asked. In the past while that cannot be done.',
    }),
    backupOverdue: z.boolean().meta({
      description:
        'Whether its last good backup is older than the schedule allows: 26 hours where it is to be backed up every day.',
    }),
    createdAt: z.string(),
    readyAt: z.string().nullable(),
  })
  .meta({ id: 'Database' });

/** What a resource tells beyond the row. */
export interface DatabaseView {
  endpointsOf: (databaseId: string) => Endpoints;
  isBackupOverdue: (database: Database) => boolean;
}

export function databaseResource(database: Database, view: DatabaseView): z.input<typeof databaseSchema> {
  const { id, org, app, name, engineVersion, plan, status, errorMessage } = database;
  const { createdAt, readyAt, lastBackupAt, lastVerifiedBackupAt, nextBackupAt } = database;
  return {
    id,
    org,
    app,
    name,
    engineVersion: String(engineVersion),
    plan,
    status,
    errorMessage,
    ...view.endpointsOf(id),
    pool: POOL,
    resources: PLAN_OFFERS[plan].resources,
    lastBackupAt,
    lastVerifiedBackupAt,
    nextBackupAt,
    backupOverdue: view.isBackupOverdue(database),
    createdAt,
    readyAt,
  };
}
