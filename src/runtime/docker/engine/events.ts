import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Caller } from './caller.js';

const event = z.object({
  Type: z.string(),
  Action: z.string(),
  Actor: z
    .object({ ID: z.string().nullish(), Attributes: z.record(z.string(), z.string()).nullish() })
    .nullish(),
});

export interface EngineEvent {
  type: string;
  action: string;
  id: string;
  attributes: Readonly<Record<string, string>>;
}

/** What happens on the engine. It keeps few events and drops slow readers: hints, never the truth. */
export class Events {
  constructor(private readonly caller: Caller) {}

  /**
   * Calls `onEvent` for every event that passes Docker's own filters until the connection ends, which is when
   * it resolves; `onOpen` once it is open. The connection does not keep the process alive.
   */
  async follow(
    filters: Record<string, string[]>,
    { onOpen, onEvent }: { onOpen: () => void; onEvent: (event: EngineEvent) => void },
    signal: AbortSignal,
  ): Promise<void> {
    const call = { what: 'report events', method: 'GET', path: '/events', query: { filters } } as const;
    const response = await this.caller.open(call, signal);
    response.socket.unref();
    onOpen();
    const lines = createInterface({ input: response });
    // readline hands on the error of a connection that breaks, and nobody listening would end the process.
    lines.on('error', () => undefined);
    lines.on('line', (text) => {
      const parsed = event.safeParse(parseJson(text));
      if (!parsed.success) return;
      const { Type, Action, Actor } = parsed.data;
      onEvent({ type: Type, action: Action, id: Actor?.ID ?? '', attributes: Actor?.Attributes ?? {} });
    });
    await new Promise<void>((resolve) => {
      response.once('error', () => undefined);
      response.once('close', resolve);
    });
    lines.close();
    response.socket.destroy();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
