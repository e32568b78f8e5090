import { z } from 'zod';
import type { Page } from '../../store/page.js';

/** How a list is asked for page by page. */
export const pageQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^(100|[1-9][0-9]?)$/, 'must be a whole number from 1 to 100')
    .default('50')
    .transform(Number)
    .meta({ description: 'How many at the most, 1 to 100.' }),
  cursor: z
    .string()
    .max(500)
    .optional()
    .transform((cursor) => cursor ?? null)
    .meta({ description: 'nextCursor of the page before.' }),
});

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ data: z.array(item), nextCursor: z.string().nullable() });
}

/** A page with each item as the API shows it. */
export function mapPage<From, To>({ data, nextCursor }: Page<From>, map: (item: From) => To): Page<To> {
  return { data: data.map(map), nextCursor };
}
