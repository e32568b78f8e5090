import { pipeline } from 'node:stream/promises';
import type { Caller } from './caller.js';
import { withDeadline } from './deadline.js';
import { Demux } from './demux.js';
import { engineError } from './engine-error.js';
import { TextTail } from './text-tail.js';

/** What containers wrote. */
export class Logs {
  constructor(private readonly caller: Caller) {}

  /** The last lines of stdout and stderr, oldest first. */
  async tail(containerId: string, lines: number, signal: AbortSignal): Promise<string[]> {
    const what = 'read the log of a container';
    const path = `/containers/${encodeURIComponent(containerId)}/logs`;
    const query = { stdout: true, stderr: true, tail: lines };
    const text = new TextTail();
    try {
      await withDeadline(10_000, signal, async (inner) => {
        const response = await this.caller.open({ what, method: 'GET', path, query }, inner);
        await pipeline(response, new Demux((chunk) => text.add(chunk)), async (chunks) => {
          for await (const chunk of chunks) text.add(chunk as Buffer);
        });
      });
    } catch (error) {
      throw engineError(error, { what, address: this.caller.address, refusal: 'unavailable', signal });
    }
    return String(text)
      .split('\n')
      .filter((line) => line.trim() !== '');
  }
}
