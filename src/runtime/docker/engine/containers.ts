import { z } from 'zod';
import { readSingleFile } from './archive.js';
import type { Caller } from './caller.js';
import { containerInspection, containerList, type Container, type ListedContainer } from './container.js';
import { sleep } from './deadline.js';
import { hasStatus } from './engine-error.js';
import { labelFilter, type Labels } from './label-filter.js';

const created = z.object({ Id: z.string() }).transform(({ Id }) => Id);

const GONE_DEADLINE_MS = 60_000;

/** Containers of the engine, by their exact id. */
export class Containers {
  constructor(private readonly caller: Caller) {}

  /** All that carry these labels, stopped ones too. */
  list(labels: Labels, signal: AbortSignal): Promise<ListedContainer[]> {
    const query = { all: true, filters: labelFilter(labels) };
    return this.caller.ask(
      { what: 'list containers', method: 'GET', path: '/containers/json', query },
      containerList,
      signal,
    );
  }

  /** `null` when there is none. */
  async inspect(id: string, signal: AbortSignal): Promise<Container | null> {
    try {
      const call = { what: 'inspect a container', method: 'GET', path: `${pathOf(id)}/json` } as const;
      return await this.caller.ask(call, containerInspection, signal);
    } catch (error) {
      if (hasStatus(error, 404)) return null;
      throw error;
    }
  }

  /** Returns the id. An EngineError of status 409 says that the name is taken, of 404 that there is no image. */
  create(name: string, body: object, signal: AbortSignal): Promise<string> {
    return this.caller.ask(
      {
        what: `create container ${name}`,
        method: 'POST',
        path: '/containers/create',
        query: { name },
        body,
        deadlineMs: 60_000,
        refusal: 'start_failed',
      },
      created,
      signal,
    );
  }

  start(id: string, signal: AbortSignal): Promise<void> {
    return this.command('start', id, 60_000, signal);
  }

  unpause(id: string, signal: AbortSignal): Promise<void> {
    return this.command('unpause', id, 30_000, signal);
  }

  /** Sends the stop signal, and kills after `graceS` seconds. A container that is gone counts as stopped. */
  async stop(id: string, graceS: number, signal: AbortSignal): Promise<void> {
    await ignoring404(this.command('stop', id, (graceS + 30) * 1000, signal, { t: graceS }));
  }

  restart(id: string, graceS: number, signal: AbortSignal): Promise<void> {
    return this.command('restart', id, (graceS + 60) * 1000, signal, { t: graceS });
  }

  /**
   * Removes a container that does not run, and resolves when it is gone. Named volumes stay in any case.
   *
   * @param anonymousVolumes whether its anonymous volumes go too
   */
  async remove(id: string, anonymousVolumes: boolean, signal: AbortSignal): Promise<void> {
    const query = { v: anonymousVolumes, force: true };
    const call = { what: 'remove a container', method: 'DELETE', path: pathOf(id), query } as const;
    try {
      await ignoring404(this.caller.send({ ...call, deadlineMs: GONE_DEADLINE_MS }, signal));
    } catch (error) {
      // Somebody else's removal is under way.
      if (!hasStatus(error, 409)) throw error;
    }
    for (let waitedMs = 0; waitedMs < GONE_DEADLINE_MS; waitedMs += 200) {
      if ((await this.inspect(id, signal)) === null) return;
      await sleep(200, signal);
    }
  }

  /** Puts a tar archive into a container, which need not run. */
  async putArchive(id: string, path: string, archive: Buffer, signal: AbortSignal): Promise<void> {
    const what = `write files to ${path} in a container`;
    const query = { path, noOverwriteDirNonDir: true };
    await this.caller.send(
      { what, method: 'PUT', path: `${pathOf(id)}/archive`, query, file: archive },
      signal,
    );
  }

  /** A small file in a container, which need not run; `null` when there is no such file. */
  async readFile(id: string, path: string, signal: AbortSignal): Promise<string | null> {
    const what = `read ${path} in a container`;
    try {
      const call = { what, method: 'GET', path: `${pathOf(id)}/archive`, query: { path } } as const;
      return await readSingleFile((inner) => this.caller.open(call, inner), signal);
    } catch (error) {
      if (hasStatus(error, 404)) return null;
      throw error;
    }
  }

  /** Whether a container, which need not run, has a file or folder there. */
  async hasPath(id: string, path: string, signal: AbortSignal): Promise<boolean> {
    const what = `look for ${path} in a container`;
    try {
      await this.caller.send(
        { what, method: 'HEAD', path: `${pathOf(id)}/archive`, query: { path } },
        signal,
      );
      return true;
    } catch (error) {
      if (hasStatus(error, 404)) return false;
      throw error;
    }
  }

  private command(
    verb: 'start' | 'unpause' | 'stop' | 'restart',
    id: string,
    deadlineMs: number,
    signal: AbortSignal,
    query: Record<string, number> = {},
  ): Promise<void> {
    const path = `${pathOf(id)}/${verb}`;
    return this.caller.send(
      { what: `${verb} a container`, method: 'POST', path, query, deadlineMs, refusal: 'start_failed' },
      signal,
    );
  }
}

function pathOf(id: string): string {
  return `/containers/${encodeURIComponent(id)}`;
}

async function ignoring404(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
  }
}
