import { RuntimeError, type RuntimeErrorCode } from '../../runtime-error.js';
import { DeadlineError } from './deadline.js';

/** A call to the Docker Engine that failed. */
export class EngineError extends RuntimeError {
  constructor(
    code: RuntimeErrorCode,
    message: string,
    /** The HTTP status, when the engine answered at all. */
    readonly status: number | null,
    options?: { cause?: unknown },
  ) {
    super(code, message, options);
  }
}

/** Nobody answers where the engine should be. */
export class EngineAbsentError extends EngineError {
  override get absent(): 'engine' {
    return 'engine';
  }
}

/** What a proxy answers that finds nobody behind it. */
const NOBODY_BEHIND = [502, 503, 504];

export function hasStatus(error: unknown, status: number): error is EngineError {
  return error instanceof EngineError && error.status === status;
}

/**
 * What went wrong, and what to do about it.
 *
 * @param what the call, as the end of "Docker could not …"
 * @param refusal the code for an answer that says no without one of the known reasons
 */
export function engineError(
  error: unknown,
  {
    what,
    address,
    refusal,
    signal,
  }: { what: string; address: string; refusal: RuntimeErrorCode; signal: AbortSignal },
): RuntimeError {
  if (error instanceof RuntimeError) return error;
  if (signal.aborted)
    return new RuntimeError('aborted', `Stopped while Docker was to ${what}`, { cause: error });
  if (error instanceof DeadlineError) {
    const message = `Docker at ${address} was to ${what}: ${error.message}. Is the host overloaded, or the engine stuck?`;
    return new EngineError('unavailable', message, null, { cause: error });
  }
  const { code, statusCode, reason } = detailsOf(error);
  const absent = (where: string, status: number | null) =>
    new EngineAbsentError('unavailable', `Docker does not answer at ${where}`, status, { cause: error });
  if (statusCode === null) {
    const advice = ADVICE[code ?? ''];
    if (advice !== undefined) return absent(`${address}: ${advice}`, null);
    // One that broke off was there: what was asked of it may be what breaks it.
    const message = `Docker does not answer at ${address}: the connection failed (${reason})`;
    return new EngineError('unavailable', message, null, { cause: error });
  }
  if (NOBODY_BEHIND.includes(statusCode)) {
    return absent(`${address}: the proxy before it answers ${statusCode}. Start Docker`, statusCode);
  }
  if (/no space left on device/i.test(reason)) {
    const message = `The disk of the Docker host is full: make room, then try again (Docker could not ${what}: ${reason})`;
    return new EngineError('no_space', message, statusCode, { cause: error });
  }
  return new EngineError(refusal, `Docker could not ${what}: ${reason}`, statusCode, { cause: error });
}

const ADVICE: Record<string, string> = {
  ENOENT: 'there is no such socket. Start Docker, or set DOCKER_HOST to where it listens',
  ECONNREFUSED: 'nothing listens there. Start Docker, or set DOCKER_HOST to where it listens',
  EACCES: 'permission denied. Let this user into the group docker, or run as root',
  ENOTFOUND: 'no such host. Is DOCKER_HOST right?',
  ETIMEDOUT: 'the host does not answer. Is DOCKER_HOST right?',
};

interface Details {
  code: string | null;
  statusCode: number | null;
  reason: string;
}

/** dockerode hangs the status and the parsed answer on its errors; Node hangs a code on its own. */
function detailsOf(error: unknown): Details {
  if (typeof error !== 'object' || error === null)
    return { code: null, statusCode: null, reason: String(error) };
  const { code, statusCode, json, message } = error as Record<string, unknown>;
  const said = typeof json === 'object' && json !== null && 'message' in json ? json.message : message;
  return {
    code: typeof code === 'string' ? code : null,
    statusCode: typeof statusCode === 'number' ? statusCode : null,
    reason: typeof said === 'string' ? said.trim() : 'it said nothing',
  };
}
