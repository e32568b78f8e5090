import { z } from 'zod';

export type Libc = 'musl' | 'gnu';

/** What a volume says of itself: who initialised it, and with which PostgreSQL. */
export interface Marker {
  databaseId: string;
  major: number;
  libc: Libc;
}

const schema = z.object({
  database: z.string(),
  major: z.number().int(),
  /** The server's `version()`, which names the system that it was built for. */
  version: z.string(),
});

/**
 * Reads the file. `null` when it is empty, as a power failure leaves a file that was just written;
 * `'unreadable'` when it holds anything else that is not ours.
 */
export function parseMarker(text: string): Marker | null | 'unreadable' {
  if (text.trim() === '') return null;
  try {
    const { database, major, version } = schema.parse(JSON.parse(text));
    return { databaseId: database, major, libc: version.includes('musl') ? 'musl' : 'gnu' };
  } catch {
    return 'unreadable';
  }
}
