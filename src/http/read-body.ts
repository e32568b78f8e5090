import express, { type Request, type Response } from 'express';
import { Problem } from './problem.js';
import { invite } from './read-upload.js';

const MAX_BODY = '1mb';
const PATIENCE_MS = 300_000;

const parseJson = express.json({ limit: MAX_BODY, strict: false, type: 'application/json' });

/** Whether there is a body, by what the head of the request says. */
export function hasBody({ headers }: Request): boolean {
  return 'transfer-encoding' in headers || Number(headers['content-length'] ?? 0) > 0;
}

/** The JSON of a request, or `{}` when it has no body. */
export async function readBody(request: Request, response: Response): Promise<unknown> {
  if (!hasBody(request)) return {};
  if (!request.is('application/json')) {
    throw new Problem(
      'unsupported_media_type',
      'send the body as JSON, with "Content-Type: application/json"',
    );
  }
  invite(request, response);
  const late = setTimeout(() => request.destroy(), PATIENCE_MS);
  await new Promise<void>((resolve, reject) => {
    parseJson(request, response, (error: unknown) => {
      if (error === undefined) resolve();
      else reject(bodyProblem(error));
    });
  }).finally(() => clearTimeout(late));
  return request.body as unknown;
}

/** body-parser names its errors by `type`, but for those of zlib; what has no status is not the caller's fault. */
function bodyProblem(error: unknown): Error {
  const { type, status, message = '' } = error as { type?: string; status?: number; message?: string };
  switch (type) {
    case 'entity.too.large':
      return new Problem('body_too_large', `a body may have at most ${MAX_BODY}`);
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new Problem('unsupported_media_type', 'send the body as UTF-8, plain or gzipped');
    case 'entity.parse.failed':
      return new Problem('invalid_json', `the body is not JSON: ${message}`);
    case undefined:
    default:
      if (status !== undefined && status < 500)
        return new Problem('invalid_request', `the body cannot be read: ${message}`);
      return error instanceof Error ? error : new Error('the body cannot be read', { cause: error });
  }
}
