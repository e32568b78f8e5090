import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { RuntimeError } from '../../runtime.js';
import type { Caller } from './caller.js';
import { sleep, withDeadline } from './deadline.js';
import { Demux } from './demux.js';
import { engineError } from './engine-error.js';
import type { OwnContainers } from './own-containers.js';
import { TextTail } from './text-tail.js';

export interface ExecRequest {
  containerId: string;
  /** Shown in `docker events` and in the process list: nothing secret. */
  argv: readonly string[];
  user: string;
  /** May be secret. */
  stdin: string;
  deadlineMs: number;
}

export interface ExecResult {
  exitCode: number;
  /** The last 64 KiB of each. */
  stdout: string;
  stderr: string;
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
  async run(request: ExecRequest, signal: AbortSignal): Promise<ExecResult> {
    const { containerId, argv, user, stdin, deadlineMs } = request;
    const what = `run ${argv[0] ?? ''} in a container`;
    const run = async (inner: AbortSignal) => {
      await this.own.require(containerId, what, inner);
      const { Id } = await this.caller.ask(
        {
          what,
          method: 'POST',
          path: `/containers/${encodeURIComponent(containerId)}/exec`,
          body: { AttachStdin: true, AttachStdout: true, AttachStderr: true, Cmd: argv, User: user },
          refusal: 'start_failed',
        },
        created,
        inner,
      );
      const path = `/exec/${encodeURIComponent(Id)}`;
      const body = { Detach: false, Tty: false };
      const start = { what, method: 'POST', path: `${path}/start`, body, refusal: 'start_failed' } as const;
      const stream = await this.caller.hijack(start, inner);
      const destroy = () => stream.destroy();
      inner.addEventListener('abort', destroy, { once: true });
      const stdout = new TextTail();
      const stderr = new TextTail();
      try {
        stream.end(stdin);
        await pipeline(stream, new Demux((chunk) => stderr.add(chunk)), async (chunks) => {
          for await (const chunk of chunks) stdout.add(chunk as Buffer);
        });
      } finally {
        inner.removeEventListener('abort', destroy);
        destroy();
      }
      // A connection that breaks ends just as one that is complete does: only the exit code tells.
      for (;;) {
        const state = await this.caller.ask({ what, method: 'GET', path: `${path}/json` }, inspection, inner);
        if (!state.Running)
          return { exitCode: state.ExitCode ?? -1, stdout: String(stdout), stderr: String(stderr) };
        await sleep(20, inner);
      }
    };
    try {
      return await withDeadline(deadlineMs, signal, run);
    } catch (error) {
      if (error instanceof RuntimeError) throw error;
      throw engineError(error, { what, address: this.caller.address, refusal: 'start_failed', signal });
    }
  }
}
