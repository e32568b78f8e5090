import { z } from 'zod';
import { DATABASE_PLANS } from '../../domain/plans.js';
import { nameField } from './fields.js';

/** One of two: `as`, with `plan` if need be, or `replace` with `confirm`. */
export const newRestoreSchema = z
  .strictObject({
    backupId: z.string().max(64),
    as: nameField.optional().meta({ description: 'The name of a new database of the same app.' }),
    plan: z.enum(DATABASE_PLANS).optional().meta({
      description: 'Of the new database; without it that of the one that was backed up.',
    }),
    replace: z.literal(true).optional().meta({
      description: 'Has the backup take the place of what the database holds now.',
    }),
    confirm: z.string().max(64).optional().meta({
      description: 'The name of the database that is replaced, so that nobody replaces one by mistake.',
    }),
  })
  .meta({ id: 'NewRestore' });

export type NewRestore = z.output<typeof newRestoreSchema>;
