import { z } from 'zod';

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    requestId: z.string(),
    errors: z
      .array(z.object({ in: z.enum(['body', 'query', 'header']), path: z.string(), detail: z.string() }))
      .optional(),
  })
  .meta({ id: 'Problem' });
