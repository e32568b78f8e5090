import { z } from 'zod';
import type { Caller } from './caller.js';
import { hasStatus } from './engine-error.js';
import { labelFilter, type Labels } from './label-filter.js';

export interface Volume {
  name: string;
  labels: Labels;
}

const volume = z
  .object({ Name: z.string(), Labels: z.record(z.string(), z.string()).nullish() })
  .transform((value): Volume => ({ name: value.Name, labels: value.Labels ?? {} }));

const volumeList = z.object({ Volumes: z.array(volume).nullish() }).transform(({ Volumes }) => Volumes ?? []);

/** Volumes of the engine, by their name, which is their identity. */
export class Volumes {
  constructor(private readonly caller: Caller) {}

  list(labels: Labels, signal: AbortSignal): Promise<Volume[]> {
    const query = { filters: labelFilter(labels) };
    return this.caller.ask(
      { what: 'list volumes', method: 'GET', path: '/volumes', query },
      volumeList,
      signal,
    );
  }

  /** `null` when there is none. */
  async inspect(name: string, signal: AbortSignal): Promise<Volume | null> {
    try {
      return await this.caller.ask(
        { what: `inspect volume ${name}`, method: 'GET', path: pathOf(name) },
        volume,
        signal,
      );
    } catch (error) {
      if (hasStatus(error, 404)) return null;
      throw error;
    }
  }

  /** Returns what is there afterwards: of a volume that existed already, Docker keeps the labels it had. */
  create(name: string, labels: Labels, signal: AbortSignal): Promise<Volume> {
    const body = { Name: name, Labels: labels };
    const call = {
      what: `create volume ${name}`,
      method: 'POST',
      path: '/volumes/create',
      body,
      makes: true,
    } as const;
    return this.caller.ask(call, volume, signal);
  }

  /** Removes a volume and all that is in it. An EngineError of status 409 says that a container uses it. */
  async remove(name: string, signal: AbortSignal): Promise<void> {
    try {
      // Large volumes take the engine a while.
      const call = { what: `remove volume ${name}`, method: 'DELETE', path: pathOf(name) } as const;
      await this.caller.send({ ...call, deadlineMs: 10 * 60_000 }, signal);
    } catch (error) {
      if (!hasStatus(error, 404)) throw error;
    }
  }
}

function pathOf(name: string): string {
  return `/volumes/${encodeURIComponent(name)}`;
}
