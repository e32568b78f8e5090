import type { NextFunction, Request, Response } from 'express';
import type { Logger } from '../domain/logger.js';
import { requestIdOf } from './request-id.js';

/** One line per answer. The path without its query; no header and no body: they can hold secrets. */
export function logRequests(logger: Logger) {
  return (req: Request, res: Response, next: NextFunction): void => {
    const startedMs = performance.now();
    res.once('close', () => {
      const fields = {
        requestId: requestIdOf(res),
        method: req.method,
        path: req.path,
        status: res.statusCode,
        tookMs: Math.round(performance.now() - startedMs),
        tokenId: res.locals.tokenId as string | undefined,
      };
      const reads = req.method === 'GET' || req.method === 'HEAD';
      if (reads && res.statusCode < 400) logger.debug(fields, 'answered');
      else logger.info(fields, 'answered');
    });
    next();
  };
}
