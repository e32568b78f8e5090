import { z } from 'zod';
import { VOLUME_STATES, type Volume } from '../../domain/records.js';

export const volumeSchema = z
  .object({
    id: z.string(),
    org: z.string(),
    app: z.string(),
    databaseName: z.string(),
    databaseId: z.string(),
    engineVersion: z.string(),
    state: z.enum(VOLUME_STATES),
    createdAt: z.string(),
    preservedAt: z.string().nullable(),
  })
  .meta({ id: 'Volume' });

export function volumeResource(volume: Volume): z.input<typeof volumeSchema> {
  const { id, org, app, databaseName, databaseId, engineVersion, state, createdAt, preservedAt } = volume;
  return {
    id,
    org,
    app,
    databaseName,
    databaseId,
    engineVersion: String(engineVersion),
    state,
    createdAt,
    preservedAt,
  };
}
