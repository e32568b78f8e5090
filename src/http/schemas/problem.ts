import { z } from 'zod';
import { PROBLEMS, type ProblemCode } from '../problem.js';

const CODES = Object.keys(PROBLEMS) as ProblemCode[];

/** Each with its status, for who reads the specification: any request can be answered with several. */
const TOLD = CODES.map((code) => `\`${code}\` (${PROBLEMS[code].status}): ${PROBLEMS[code].title}`);

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(CODES).meta({ description: TOLD.join('; ') }),
    requestId: z.string(),
    errors: z
      .array(z.object({ in: z.enum(['body', 'query', 'header']), path: z.string(), detail: z.string() }))
      .optional(),
  })
  .meta({ id: 'Problem' });
