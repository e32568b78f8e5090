import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Caller } from './caller.js';
import { withDeadline } from './deadline.js';
import { engineError, hasStatus } from './engine-error.js';

const PULL_DEADLINE_MS = 30 * 60_000;

const inspection = z.object({ Id: z.string() }).transform(({ Id }) => Id);

const pullLine = z.object({
  id: z.string().optional(),
  error: z.string().optional(),
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).optional(),
});
export type PullLine = z.infer<typeof pullLine>;

/** Images of the engine, by their reference. */
export class Images {
  constructor(private readonly caller: Caller) {}

  /** The id of an image on this host; `null` when there is none. */
  async find(reference: string, signal: AbortSignal): Promise<string | null> {
    const path = `/images/${reference}/json`;
    try {
      return await this.caller.ask(
        { what: `look for image ${reference}`, method: 'GET', path },
        inspection,
        signal,
      );
    } catch (error) {
      if (hasStatus(error, 404)) return null;
      throw error;
    }
  }

  /**
   * Pulls an image and returns what the registry said went wrong, `null` if nothing. A connection that breaks
   * looks like a success: look for the image afterwards.
   */
  async pull(
    reference: string,
    onLine: (line: PullLine) => void,
    signal: AbortSignal,
  ): Promise<string | null> {
    const what = `pull image ${reference}`;
    const { name, tag } = splitReference(reference);
    const query = { fromImage: name, ...(tag !== null && { tag }) };
    const call = { what, method: 'POST', path: '/images/create', query, deadlineMs: 60_000 } as const;
    const pull = async (inner: AbortSignal) => {
      const response = await this.caller.open(call, inner);
      return lastError(response, onLine);
    };
    try {
      return await withDeadline(PULL_DEADLINE_MS, signal, pull);
    } catch (error) {
      throw engineError(error, { what, address: this.caller.address, refusal: 'unavailable', signal });
    }
  }
}

async function lastError(
  response: IncomingMessage,
  onLine: (line: PullLine) => void,
): Promise<string | null> {
  let failure: string | null = null;
  // readline swallows the error of a broken response.
  const broken = new Promise<never>((_, reject) => response.once('error', reject));
  const read = async () => {
    for await (const text of createInterface({ input: response })) {
      const line = parseLine(text);
      if (line?.error !== undefined) failure = line.error;
      if (line) onLine(line);
    }
  };
  await Promise.race([read(), broken]);
  return failure;
}

/** `null` for a line that is not what Docker's manual says: progress is not worth a failure. */
function parseLine(text: string): PullLine | null {
  try {
    return pullLine.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** Without a tag Docker would pull them all. */
function splitReference(reference: string): { name: string; tag: string | null } {
  if (reference.includes('@')) return { name: reference, tag: null };
  const colon = reference.indexOf(':', reference.lastIndexOf('/') + 1);
  return colon < 0
    ? { name: reference, tag: 'latest' }
    : { name: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}
