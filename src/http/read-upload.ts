import type { Request, Response } from 'express';
import { Problem } from './problem.js';

/** What comes is written to a disk, which takes it as it is. `gzip` is told by the bytes anyway. */
const ENCODINGS = ['', 'identity', 'gzip', 'x-gzip'];

/**
 * The bytes of a body, as they come and are taken, however long that takes. Who sends nothing for `idleMs` is cut.
 * Giving up reading does not close the connection: there is something to answer.
 */
export async function* readUpload(
  request: Request,
  response: Response,
  idleMs: number,
): AsyncGenerator<Buffer, void, void> {
  requireBytes(request);
  invite(request, response);
  const pieces = request.iterator({ destroyOnReturn: false });
  for (;;) {
    const piece = await soon(pieces.next(), idleMs);
    if (piece.done) return;
    yield piece.value as Buffer;
  }
}

/** Tells who asked first (`Expect: 100-continue`) to send the body. */
export function invite(request: Request, response: Response): void {
  if (/100-continue/i.test(request.headers.expect ?? '')) response.writeContinue();
}

function requireBytes(request: Request): void {
  if (request.is('multipart/*')) {
    throw new Problem(
      'unsupported_media_type',
      'send the file itself as the body (curl -T file, or --data-binary @file), not a form with a file in it',
    );
  }
  if (!ENCODINGS.includes((request.headers['content-encoding'] ?? '').toLowerCase())) {
    throw new Problem('unsupported_media_type', 'send the body as it is, or gzipped');
  }
}

async function soon<T>(next: Promise<T>, idleMs: number): Promise<T> {
  let idle: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    idle = setTimeout(() => {
      reject(
        new Problem('request_timeout', `nothing of the body came for ${idleMs / 1000} s: send it again`),
      );
    }, idleMs);
  });
  try {
    return await Promise.race([next, late]);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem('invalid_request', 'the body ended before it was complete: send it again');
  } finally {
    clearTimeout(idle);
  }
}
