import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import type { z } from 'zod';
import type { RuntimeErrorCode } from '../../runtime-error.js';
import { delayed, withDeadline } from './deadline.js';
import { EngineError, engineError } from './engine-error.js';
import type { Modem } from './modem.js';

/** One request to the Docker Engine. */
export interface Call {
  /** The end of "Docker could not …". */
  what: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  /** Without a query. Identifiers in it are escaped by the caller. */
  path: string;
  query?: Record<string, string | number | boolean | object>;
  body?: object;
  file?: Buffer | Readable;
  deadlineMs?: number;
  /**
   * It makes something: it is not sent after an abort, and its answer is waited for when the abort comes in
   * between. Broken off, the engine would make it all the same, and perhaps after somebody has cleaned up.
   */
  makes?: boolean;
  /** The code of an error that is not one of the known ones. `unavailable` when left out. */
  refusal?: RuntimeErrorCode;
}

const MAKING_GRACE_MS = 5_000;

const SUCCESS: Record<number, true> = { 200: true, 201: true, 204: true, 304: true };

/** Sends requests. Each has its own deadline; every rejection is a RuntimeError. */
export class Caller {
  constructor(
    private readonly modem: Modem,
    private readonly options: {
      /** For messages. */
      address: string;
      deadlineMs: number;
    },
  ) {}

  get address(): string {
    return this.options.address;
  }

  /** Sends a request whose answer does not matter. */
  async send(call: Call, signal: AbortSignal): Promise<void> {
    await this.dial(call, {}, signal);
  }

  /** Sends a request and parses the JSON of its answer. */
  async ask<T>(call: Call, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    const parsed = schema.safeParse(await this.dial(call, {}, signal));
    if (parsed.success) return parsed.data;
    const message = `Docker at ${this.address} gave an answer that makes no sense when it was to ${call.what}`;
    throw new EngineError('unavailable', message, null, { cause: parsed.error });
  }

  /**
   * Opens a stream. The deadline is for the head of the answer; whoever reads the body sets one of their own.
   * Aborting `signal` destroys the stream at any time.
   */
  async open(call: Call, signal: AbortSignal): Promise<IncomingMessage> {
    return (await this.dial(call, { isStream: true }, signal)) as IncomingMessage;
  }

  /** Opens a connection in both directions, on which both sides may end on their own. */
  async hijack(call: Call, signal: AbortSignal): Promise<Duplex> {
    const options = { isStream: true, hijack: true, openStdin: true, allowEmpty: true };
    return (await this.dial(call, options, signal)) as Duplex;
  }

  private async dial(
    call: Call,
    options: { isStream?: boolean; hijack?: boolean; openStdin?: boolean; allowEmpty?: boolean },
    signal: AbortSignal,
  ): Promise<unknown> {
    const {
      what,
      method,
      path,
      query,
      body,
      file,
      deadlineMs = this.options.deadlineMs,
      makes = false,
      refusal = 'unavailable',
    } = call;
    const answer = (inner: AbortSignal) =>
      new Promise<unknown>((resolve, reject) => {
        this.modem.dial(
          {
            path: query ? `${path}?` : path,
            method,
            // `_body` must be there: without it the query would be sent as the body too.
            options: { _query: query ?? {}, _body: body ?? {} },
            ...(file && { file }),
            ...options,
            statusCodes: SUCCESS,
            abortSignal: options.isStream ? AbortSignal.any([signal, inner]) : inner,
          },
          (error, result) => (error ? reject(error) : resolve(result)),
        );
      });
    if (signal.aborted) throw engineError(signal.reason, { what, address: this.address, refusal, signal });
    const patient = makes ? delayed(signal, MAKING_GRACE_MS) : null;
    try {
      return await withDeadline(deadlineMs, patient?.signal ?? signal, answer);
    } catch (error) {
      throw engineError(error, { what, address: this.address, refusal, signal });
    } finally {
      patient?.release();
    }
  }
}
