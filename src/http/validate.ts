import type { z } from 'zod';
import type { AnyEndpoint } from './endpoint.js';
import { Problem, type Fault, type ProblemCode } from './problem.js';

/** Parses one part of a request. Throws a Problem that names each fault and what is allowed there. */
export function validate(
  schema: z.ZodType,
  value: unknown,
  place: Fault['in'],
  faults: AnyEndpoint['faults'] = {},
): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.map((issue) => faultOf(issue, place));
  const [first] = errors;
  // Own fields only: a caller may well send one that is called `constructor`.
  const told = errors.find(({ path }) => Object.hasOwn(faults, path));
  const code: ProblemCode = (told && faults[told.path]) ?? 'invalid_request';
  throw new Problem(code, first ? `${first.path || place}: ${first.detail}` : 'the request is not valid', {
    errors,
  });
}

function faultOf(issue: z.core.$ZodIssue, place: Fault['in']): Fault {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    return { in: place, path: [...path, key].join('.'), detail: 'there is no such field' };
  }
  return { in: place, path: path.join('.'), detail: issue.message };
}
