import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { RuntimeError } from '../../runtime-error.js';
import type { Caller } from './caller.js';
import { sleep, withDeadline } from './deadline.js';
import { Demux } from './demux.js';
import { engineError } from './engine-error.js';
import { feed } from './feed.js';
import type { OwnContainers } from './own-containers.js';
import { TextTail } from './text-tail.js';

export interface ExecRequest {
  containerId: string;
  /** For messages; the first of `argv` when left out. */
  program?: string;
  /** Shown in `docker events` and in the process list: nothing secret. */
  argv: readonly string[];
  /** Shown to whoever inspects the exec: nothing secret. */
  env?: Readonly<Record<string, string>>;
  user: string;
  /**
   * May be secret. Pieces are sent no faster than the program reads them, and stdin ends with the last; when they
   * fail, so does the whole, with the same. `null` keeps stdin open for as long as the connection is, so that the
   * program can tell by its end that nobody listens any more: the engine itself lets it run on.
   */
  stdin: string | AsyncIterable<Buffer> | null;
  /** Gets what the program prints to stderr, as it comes. */
  onStderr?: (chunk: Buffer) => void;
}

/** A program that runs in a container. */
export interface RunningProgram {
  /** With the reader's backpressure. It ends when the connection does: only `exit` tells whether that was all. */
  stdout: AsyncIterable<Buffer>;
  /** How it ended, once stdout did. */
  exit: () => Promise<ProgramExit>;
}

export interface ProgramExit {
  exitCode: number;
  /** The last 64 KiB. */
  stderr: string;
}

export interface ExecResult extends ProgramExit {
  /** The last 64 KiB. */
  stdout: string;
}

const created = z.object({ Id: z.string() });
const inspection = z.object({ Running: z.boolean(), ExitCode: z.number().nullish() });

/** Runs programs inside of containers of ours. */
export class Execs {
  constructor(
    private readonly caller: Caller,
    private readonly own: OwnContainers,
  ) {}

  /** Runs a program to its end. Whatever its exit code, that is an answer and no rejection. */
  async run(request: ExecRequest & { deadlineMs: number }, signal: AbortSignal): Promise<ExecResult> {
    const collect = async ({ stdout, exit }: RunningProgram) => {
      const tail = new TextTail();
      for await (const chunk of stdout) tail.add(chunk);
      return { ...(await exit()), stdout: String(tail) };
    };
    try {
      return await withDeadline(request.deadlineMs, signal, (inner) => this.follow(request, collect, inner));
    } catch (error) {
      throw this.failure(request, error, signal);
    }
  }

  /**
   * Starts a program and resolves to what `use` made of it; rejects with the error of `use`, or for the
   * connection's. Never before `use` is through. No deadline: only the signal and `use` end it. When it rejects, the
   * program may still run.
   */
  async follow<T>(
    request: ExecRequest,
    use: (program: RunningProgram) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const what = describe(request);
    const path = await this.create(request, signal);
    const body = { Detach: false, Tty: false };
    const start = { what, method: 'POST', path: `${path}/start`, body, refusal: 'start_failed' } as const;
    const stream = await this.caller.hijack(start, signal);
    const destroy = () => stream.destroy();
    signal.addEventListener('abort', destroy, { once: true });
    const stderr = new TextTail();
    const onStderr = (chunk: Buffer) => {
      stderr.add(chunk);
      request.onStderr?.(chunk);
    };
    const exit = async () => ({
      exitCode: await this.exitCode(path, what, signal),
      stderr: String(stderr),
    });
    const values: T[] = [];
    const reasons: unknown[] = [];
    let using: Promise<void> = Promise.resolve();
    const useIt = async (program: RunningProgram) => {
      try {
        values.push(await use(program));
      } catch (reason) {
        reasons.push(reason);
        throw reason;
      }
    };
    try {
      if (typeof request.stdin === 'string') stream.end(request.stdin);
      else if (request.stdin !== null) {
        feed(stream, request.stdin).catch((reason: unknown) => {
          reasons.push(reason);
          stream.destroy();
        });
      }
      await pipeline(stream, new Demux(onStderr), (chunks) => {
        using = useIt({ stdout: this.read(chunks, request, signal), exit });
        return using;
      });
    } catch (error) {
      // A connection that breaks while `use` is at something else does not end that.
      await using.catch(() => undefined);
      if (reasons.length > 0) throw reasons[0];
      // Whoever has an answer before the end may leave, and the pipeline calls that an error.
      if (values.length === 0) throw this.failure(request, error, signal);
    } finally {
      signal.removeEventListener('abort', destroy);
      destroy();
    }
    return values[0] as T;
  }

  /** Returns the path of a program that has yet to be started. */
  private async create(request: ExecRequest, signal: AbortSignal): Promise<string> {
    const { containerId, argv, env = {}, user } = request;
    const what = describe(request);
    await this.own.require(containerId, what, signal);
    const { Id } = await this.caller.ask(
      {
        what,
        method: 'POST',
        path: `/containers/${encodeURIComponent(containerId)}/exec`,
        body: {
          AttachStdin: true,
          AttachStdout: true,
          AttachStderr: true,
          Cmd: argv,
          Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
          User: user,
        },
        refusal: 'start_failed',
      },
      created,
      signal,
    );
    return `/exec/${encodeURIComponent(Id)}`;
  }

  /** A connection that breaks ends just as one that is complete does: only the exit code tells. */
  private async exitCode(path: string, what: string, signal: AbortSignal): Promise<number> {
    for (;;) {
      const state = await this.caller.ask({ what, method: 'GET', path: `${path}/json` }, inspection, signal);
      if (!state.Running) return state.ExitCode ?? -1;
      await sleep(20, signal);
    }
  }

  /** What comes of the connection's own failure says so. */
  private async *read(
    chunks: AsyncIterable<unknown>,
    request: ExecRequest,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer, void> {
    try {
      for await (const chunk of chunks) yield chunk as Buffer;
    } catch (error) {
      throw this.failure(request, error, signal);
    }
  }

  private failure(request: ExecRequest, error: unknown, signal: AbortSignal): RuntimeError {
    const what = describe(request);
    return engineError(error, { what, address: this.caller.address, refusal: 'start_failed', signal });
  }
}

function describe({ program, argv }: ExecRequest): string {
  return `run ${program ?? argv[0] ?? ''} in a container`;
}
