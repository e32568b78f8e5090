import { z } from 'zod';
import { BACKUP_KINDS, BACKUP_STATUSES, type Backup } from '../../domain/backup.js';

const backupTaskSchema = z
  .object({
    status: z.enum(BACKUP_STATUSES),
    errorMessage: z.string().nullable(),
    finishedAt: z.string().nullable(),
  })
  .meta({ id: 'BackupTask' });

export const backupSchema = z
  .object({
    id: z.string(),
    databaseId: z.string(),
    kind: z.enum(BACKUP_KINDS),
    status: z.enum(BACKUP_STATUSES),
    engineVersion: z.string(),
    sizeBytes: z.int().nullable(),
    sha256: z.string().nullable(),
    createdAt: z.string(),
    startedAt: z.string().nullable(),
    finishedAt: z.string().nullable(),
    verifiedAt: z.string().nullable().meta({
      description: 'When it was last restored and compared with what was dumped, with success.',
    }),
    verification: backupTaskSchema.nullable().meta({
      description: 'What came of verifying it the last time; null where nobody ever asked.',
    }),
    expiresAt: z.string().nullable().meta({
      description:
        'From when on it may be let go of; null where somebody asked for it. The last good one of a database stays, and the last that was verified.',
    }),
    errorMessage: z.string().nullable(),
    copy: backupTaskSchema.nullable().meta({
      description: 'Its copy in the bucket; null where there is no bucket, or nothing was copied yet.',
    }),
  })
  .meta({ id: 'Backup' });

export function backupResource({ engineVersion, ...backup }: Backup): z.input<typeof backupSchema> {
  return { ...backup, engineVersion: String(engineVersion) };
}
