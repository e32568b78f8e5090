import type { Request, Response } from 'express';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { isSettled } from '../domain/operation.js';
import { appendAuditEvent } from '../store/audit.js';
import { getOperation } from '../store/operations.js';
import type { ApiDeps } from './api-deps.js';
import { authenticate } from './authenticate.js';
import { authorise } from './authorise.js';
import type { AnyEndpoint, ApiRequest, Reply, ScopeKind } from './endpoint.js';
import { idempotent } from './idempotent.js';
import { preferredWaitMs } from './prefer-wait.js';
import { readBody } from './read-body.js';
import { requestIdOf } from './request-id.js';
import { validate } from './validate.js';

const NOTHING = z.strictObject({});

type AnyRequest = ApiRequest<ScopeKind, unknown, unknown>;

/** Answers a request to one endpoint: who, what, may they, is it well formed, do it, wait for it. */
export async function dispatch(
  deps: ApiDeps,
  endpoint: AnyEndpoint,
  req: Request,
  res: Response,
): Promise<void> {
  const { store } = deps;
  const params = req.params as Record<string, string>;
  const admit = () => {
    const caller = authenticate(deps, req.headers.authorization);
    res.locals.tokenId = caller.tokenId;
    return { caller, scope: authorise(store, endpoint, caller, params) };
  };
  const admitted = admit();
  const query = validate(endpoint.query ?? NOTHING, req.query, 'query');
  const json = endpoint.method === 'get' ? {} : await readBody(req, res);
  const body = validate(endpoint.body ?? NOTHING, json, 'body', endpoint.faults);
  const requestOf = ({ caller, scope }: typeof admitted): AnyRequest => ({
    scope,
    params,
    query,
    body,
    caller,
    audit: (action, target, detail = {}, org) =>
      appendAuditEvent(store, {
        org: org ?? ('org' in scope ? scope.org.slug : null),
        actor: caller.tokenId,
        action,
        target,
        detail,
        requestId: requestIdOf(res),
      }),
  });

  if (endpoint.method === 'get') {
    const reply = endpoint.handle(requestOf(admitted));
    if (reply.stream && req.method !== 'HEAD') await sendStream(res, reply, await reply.stream());
    else send(req, res, endpoint, reply);
    return;
  }
  const keyed = { method: endpoint.method, path: req.path, body: json, key: req.get('Idempotency-Key') };
  const { request, reply } = store.transaction(() => {
    // A body can take its time, in which the token may be revoked and the database deleted.
    const current = admit();
    const request = requestOf(current);
    return { request, reply: idempotent(store, request, keyed, () => endpoint.handle(request)) };
  });
  send(req, res, endpoint, await afterWaiting(deps, endpoint, request, reply, req, res));
}

async function afterWaiting(
  deps: ApiDeps,
  endpoint: AnyEndpoint,
  request: AnyRequest,
  reply: Reply,
  req: Request,
  res: Response,
): Promise<Reply> {
  if (reply.awaits !== undefined || reply.queued) deps.nudge();
  if (reply.awaits === undefined) return reply;
  const preferredMs = preferredWaitMs(req.get('Prefer'));
  const waitMs = preferredMs ?? endpoint.waitMs ?? 0;
  if (!endpoint.settled || (waitMs === 0 && endpoint.waitMs === undefined)) return reply;
  if (waitMs > 0 && !isSettled(getOperation(deps.store, reply.awaits).status)) {
    const gone = new AbortController();
    res.once('close', () => gone.abort());
    await deps.waitForOperation(reply.awaits, waitMs, gone.signal);
  }
  const waited = endpoint.settled(request, getOperation(deps.store, reply.awaits), reply);
  const applied = preferredMs === null ? {} : { 'Preference-Applied': `wait=${preferredMs / 1000}` };
  return { ...waited, headers: { ...reply.headers, ...waited.headers, ...applied } };
}

/** A stream that fails under way is cut: the length that was promised tells. */
async function sendStream(
  res: Response,
  { status, headers }: Reply,
  chunks: AsyncIterable<Buffer>,
): Promise<void> {
  const pieces = chunks[Symbol.asyncIterator]();
  // What cannot be read at all can still be answered otherwise.
  const first = await pieces.next();
  res.status(status).set(headers ?? {});
  try {
    await pipeline(async function* () {
      for (let piece = first; piece.done !== true; piece = await pieces.next()) yield piece.value;
    }, res);
  } catch (error) {
    // Who has gone is told nothing.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  } finally {
    await pieces.return?.();
  }
}

function send(req: Request, res: Response, endpoint: AnyEndpoint, { status, headers, body }: Reply): void {
  res.status(status).set(headers ?? {});
  if (body === undefined) res.end();
  else if (endpoint.asText && req.accepts(['json', 'text']) === 'text') {
    res.type('text/plain').send(endpoint.asText(body as never));
  } else res.json(body);
}
