import type { NextFunction, Request, Response } from 'express';

/** Gives every request an id of its own, and every answer a header with it. */
export function assignRequestId(_req: Request, res: Response, next: NextFunction): void {
  const requestId = crypto.randomUUID();
  res.locals.requestId = requestId;
  res.set('X-Request-Id', requestId);
  next();
}

export function requestIdOf(res: Response): string {
  return res.locals.requestId as string;
}
