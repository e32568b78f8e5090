import { z } from 'zod';
import type { App } from '../../domain/records.js';
import { nameField } from './fields.js';

export const newAppSchema = z.strictObject({ slug: nameField }).meta({ id: 'NewApp' });

export const appSchema = z
  .object({ id: z.uuid(), org: z.string(), slug: z.string(), createdAt: z.string() })
  .meta({ id: 'App' });

export function appResource({ id, org, slug, createdAt }: App): z.input<typeof appSchema> {
  return { id, org, slug, createdAt };
}
