import type { NextFunction, Request, Response } from 'express';
import { ActionableError } from '../domain/actionable-error.js';
import type { Logger } from '../domain/logger.js';
import { InvalidCursorError } from '../store/page.js';
import { Problem } from './problem.js';
import { requestIdOf } from './request-id.js';

/** Turns whatever was thrown into problem+json. What nobody foresaw is logged, and told to nobody. */
export function answerProblem(logger: Logger) {
  // Express knows an error handler by its four parameters.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  return (error: unknown, _req: Request, res: Response, _next: NextFunction): void => {
    const requestId = requestIdOf(res);
    const problem = toProblem(error);
    const unexpected = problem.code === 'internal_error' || error instanceof ActionableError;
    if (unexpected) logger.error({ err: error, requestId }, 'a request failed');
    if (res.headersSent) {
      res.destroy();
      return;
    }
    res
      .status(problem.status)
      .set(problem.extras.headers ?? {})
      .type('application/problem+json')
      .send(JSON.stringify(problem.toJson(requestId)));
  };
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof InvalidCursorError) return new Problem('invalid_cursor', error.message);
  if (error instanceof ActionableError && 'code' in error && error.code === 'no_space')
    return new Problem('no_space', error.message);
  if (error instanceof ActionableError) return new Problem('not_usable', error.message);
  // Express could not decode the path.
  if (error instanceof URIError)
    return new Problem('invalid_request', 'the path is not valid percent-encoding');
  return new Problem('internal_error', 'this is a fault of paasdb: look up the request id in its log');
}
