import { z } from 'zod';
import { OPERATION_KINDS, OPERATION_STATUSES, type Operation } from '../../domain/operation.js';

export const operationSchema = z
  .object({
    id: z.string(),
    databaseId: z.string(),
    kind: z.enum(OPERATION_KINDS),
    status: z.enum(OPERATION_STATUSES),
    progress: z.object({ step: z.string(), done: z.int(), total: z.int() }).nullable(),
    attempts: z.int(),
    errorMessage: z.string().nullable(),
    backupId: z.string().nullable(),
    result: z.record(z.string(), z.unknown()).nullable().meta({
      description:
        'What came of it, by its kind. Of a restore and an import: `tables` with their rows (the first 100), `totals`, `extensions`, what was `skipped` and why, for how long clients had to wait (`interruptedMs`), and as `previous` the `database` that holds the former data and until when (`keptUntil`); of one that was found done after something had broken off, what is not known is left out. Of an import from a server also `source`: whether the two could be compared, and the `differences`. Of a removal with the volume: whether the `finalBackup` succeeded, and if not the `reason`, for which the `volume` was kept.',
    }),
    createdAt: z.string(),
    startedAt: z.string().nullable(),
    finishedAt: z.string().nullable(),
  })
  .meta({ id: 'Operation' });

export function operationResource(operation: Operation): z.input<typeof operationSchema> {
  const { id, databaseId, kind, status, progress, attempts, errorMessage } = operation;
  const { backupId, result, createdAt, startedAt, finishedAt } = operation;
  return {
    id,
    databaseId,
    kind,
    status,
    progress,
    attempts,
    errorMessage,
    backupId,
    result,
    createdAt,
    startedAt,
    finishedAt,
  };
}
