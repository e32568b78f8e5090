import { Readable } from 'node:stream';
import { z } from 'zod';
import { RuntimeError } from '../../runtime-error.js';
import type { Caller } from './caller.js';
import { containerInspection, containerList, type Container, type ListedContainer } from './container.js';
import { sleep } from './deadline.js';
import { engineError, hasStatus } from './engine-error.js';
import { labelFilter, type Labels } from './label-filter.js';
import type { OwnContainers } from './own-containers.js';
import { readSingleFile } from './tar.js';

const created = z.object({ Id: z.string() }).transform(({ Id }) => Id);

const GONE_DEADLINE_MS = 60_000;
/** No disk is filled for longer. */
const PIECES_DEADLINE_MS = 24 * 60 * 60_000;

/** Containers of the engine, by their exact id. Those that are not ours can be looked at, and no more. */
export class Containers {
  constructor(
    private readonly caller: Caller,
    private readonly own: OwnContainers,
  ) {}

  /** All that carry these labels, stopped ones too. */
  async list(labels: Labels, signal: AbortSignal): Promise<ListedContainer[]> {
    const query = { all: true, filters: labelFilter(labels) };
    const found = await this.caller.ask(
      { what: 'list containers', method: 'GET', path: '/containers/json', query },
      containerList,
      signal,
    );
    for (const container of found) this.own.note(container);
    return found;
  }

  /** All that have this volume mounted. */
  async listUsing(volume: string, signal: AbortSignal): Promise<ListedContainer[]> {
    const query = { all: true, filters: { volume: [volume] } };
    const found = await this.caller.ask(
      { what: 'list containers', method: 'GET', path: '/containers/json', query },
      containerList,
      signal,
    );
    // The filter also finds volumes mounted at a path of this name.
    return found.filter(({ mounts }) => mounts.some((mount) => mount.volume === volume));
  }

  /** `null` when there is none. */
  async inspect(id: string, signal: AbortSignal): Promise<Container | null> {
    try {
      const call = { what: 'inspect a container', method: 'GET', path: `${pathOf(id)}/json` } as const;
      const container = await this.caller.ask(call, containerInspection, signal);
      this.own.note(container);
      return container;
    } catch (error) {
      if (hasStatus(error, 404)) return null;
      throw error;
    }
  }

  /** Returns the id. An EngineError of status 409 says that the name is taken, of 404 that there is no image. */
  async create(name: string, body: object, signal: AbortSignal): Promise<string> {
    const id = await this.caller.ask(
      {
        what: `create container ${name}`,
        method: 'POST',
        path: '/containers/create',
        makes: true,
        query: { name },
        body,
        refusal: 'start_failed',
      },
      created,
      signal,
    );
    this.own.add(id);
    return id;
  }

  start(id: string, signal: AbortSignal): Promise<void> {
    return this.command('start', id, signal);
  }

  unpause(id: string, signal: AbortSignal): Promise<void> {
    return this.command('unpause', id, signal);
  }

  /** Sends the stop signal, and kills after `graceS` seconds. A container that is gone counts as stopped. */
  async stop(id: string, graceS: number, signal: AbortSignal): Promise<void> {
    await ignoring404(this.command('stop', id, signal, graceS));
  }

  restart(id: string, graceS: number, signal: AbortSignal): Promise<void> {
    return this.command('restart', id, signal, graceS);
  }

  /**
   * Removes a container, killing it if it runs, and resolves when it is gone. Named volumes stay in any case.
   *
   * @param anonymousVolumes whether its anonymous volumes go too
   */
  async remove(id: string, anonymousVolumes: boolean, signal: AbortSignal): Promise<void> {
    const query = { v: anonymousVolumes, force: true };
    const what = 'remove a container';
    const call = { what, method: 'DELETE', path: pathOf(id), query, deadlineMs: GONE_DEADLINE_MS } as const;
    try {
      await ignoring404(this.own.require(id, what, signal).then(() => this.caller.send(call, signal)));
    } catch (error) {
      // Somebody else's removal is under way.
      if (!hasStatus(error, 409)) throw error;
    }
    for (let waitedMs = 0; waitedMs < GONE_DEADLINE_MS; waitedMs += 200) {
      if ((await this.inspect(id, signal)) === null) {
        this.own.forget(id);
        return;
      }
      await sleep(200, signal);
    }
    throw new RuntimeError('unavailable', `Docker has not removed a container within ${GONE_DEADLINE_MS} ms`);
  }

  /** Puts a tar archive into a container, which need not run. */
  async putArchive(id: string, path: string, archive: Buffer, signal: AbortSignal): Promise<void> {
    const what = `write files to ${path} in a container`;
    const query = { path, noOverwriteDirNonDir: true };
    await this.own.require(id, what, signal);
    await this.caller.send(
      { what, method: 'PUT', path: `${pathOf(id)}/archive`, query, file: archive },
      signal,
    );
  }

  /**
   * Puts a tar archive that comes in pieces into a container, which need not run. For as long as they come: whoever
   * gives them watches over them, and aborts. What the pieces fail with is passed on as it is. Until then the engine
   * answers nothing about this container, so that the pieces must not depend on such an answer.
   */
  async putPieces(
    id: string,
    path: string,
    archive: AsyncIterable<Buffer>,
    signal: AbortSignal,
  ): Promise<void> {
    const what = `write a file to ${path} in a container`;
    await this.own.require(id, what, signal);
    const file = Readable.from(archive, { objectMode: false });
    const call = {
      what,
      method: 'PUT',
      path: `${pathOf(id)}/archive`,
      query: { path },
      deadlineMs: PIECES_DEADLINE_MS,
    } as const;
    try {
      await this.caller.send({ ...call, file }, signal);
    } catch (error) {
      throw file.errored ?? error;
    } finally {
      file.destroy();
    }
  }

  /** A small file in a container, which need not run; `null` when there is no such file. */
  async readFile(id: string, path: string, signal: AbortSignal): Promise<string | null> {
    const what = `read ${path} in a container`;
    try {
      const call = { what, method: 'GET', path: `${pathOf(id)}/archive`, query: { path } } as const;
      return await readSingleFile((inner) => this.caller.open(call, inner), signal);
    } catch (error) {
      if (hasStatus(error, 404)) return null;
      throw engineError(error, { what, address: this.caller.address, refusal: 'unavailable', signal });
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

  /** @param graceS how long the container may take to stop, in seconds, before it is killed */
  private async command(
    verb: 'start' | 'unpause' | 'stop' | 'restart',
    id: string,
    signal: AbortSignal,
    graceS?: number,
  ): Promise<void> {
    const what = `${verb} a container`;
    await this.own.require(id, what, signal);
    await this.caller.send(
      {
        what,
        method: 'POST',
        path: `${pathOf(id)}/${verb}`,
        makes: verb === 'start',
        ...(graceS !== undefined && { query: { t: graceS }, deadlineMs: (graceS + 60) * 1000 }),
        refusal: 'start_failed',
      },
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
