import { z } from 'zod';
import { NAME_PATTERN, NAME_RULE } from '../../domain/names.js';

export const nameField = z.string().regex(NAME_PATTERN, NAME_RULE);

export const timeField = z.iso.datetime({
  error: 'must be an RFC 3339 time in UTC, such as 2030-01-31T12:00:00Z',
});

export const labelField = z
  .string()
  .regex(/^[^\p{Cc}]{1,100}$/u, 'must be 1 to 100 characters, none of them a control character');
