import type { Request, Response } from 'express';
import { z } from 'zod';
import { isSettled } from '../domain/operation.js';
import { appendAuditEvent } from '../store/audit.js';
import { isIdempotencyKeyUsed } from '../store/idempotency.js';
import { getOperation } from '../store/operations.js';
import type { ApiDeps } from './api-deps.js';
import { authenticate } from './authenticate.js';
import { authorise } from './authorise.js';
import type { AnyEndpoint, ApiRequest, Caller, Reply, ScopeKind, Scopes, Upload } from './endpoint.js';
import { idempotent } from './idempotent.js';
import { preferredWaitMs } from './prefer-wait.js';
import { hasBody, readBody } from './read-body.js';
import { readUpload } from './read-upload.js';
import { requestIdOf } from './request-id.js';
import { sendStream } from './send-stream.js';
import { validate } from './validate.js';

const NOTHING = z.strictObject({});

/** Who sends nothing of an upload for so long is gone. */
const UPLOAD_IDLE_MS = 60_000;

type AnyRequest = ApiRequest<ScopeKind, unknown, unknown>;

/** One request to one endpoint, and what is known of it before its body. */
interface Exchange {
  deps: ApiDeps;
  endpoint: AnyEndpoint;
  req: Request;
  res: Response;
  /** Finds out who asks and what for, as of now. */
  admit: () => { caller: Caller; scope: Scopes[ScopeKind] };
  requestOf: (admitted: ReturnType<Exchange['admit']>, body: unknown, upload: Upload | null) => AnyRequest;
}

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
  const requestOf: Exchange['requestOf'] = ({ caller, scope }, body, upload) => ({
    scope,
    params,
    query,
    body,
    upload,
    caller,
    mayRepeat: () => {
      const key = req.get('Idempotency-Key');
      return key !== undefined && isIdempotencyKeyUsed(store, { tokenId: caller.tokenId, key });
    },
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
    const reply = endpoint.handle(requestOf(admitted, {}, null));
    if (reply.stream && req.method !== 'HEAD') await sendStream(res, reply, reply.stream);
    else send(req, res, endpoint, reply);
    return;
  }
  const exchange = { deps, endpoint, req, res, admit, requestOf };
  const upload = await receiveUpload(exchange, requestOf(admitted, {}, null));
  let done: { request: AnyRequest; reply: Reply };
  try {
    done = await change(exchange, admitted, upload);
  } finally {
    upload?.release();
  }
  send(req, res, endpoint, await afterWaiting(exchange, done.request, done.reply));
}

/** The body of an endpoint that takes bytes, unless it is JSON after all. */
async function receiveUpload({ endpoint, req, res }: Exchange, request: AnyRequest): Promise<Upload | null> {
  if (!endpoint.upload || !hasBody(req) || req.is('application/json')) return null;
  return endpoint.upload.receive(request, readUpload(req, res, UPLOAD_IDLE_MS));
}

async function change(
  { deps: { store }, endpoint, req, res, admit, requestOf }: Exchange,
  admitted: ReturnType<Exchange['admit']>,
  upload: Upload | null,
): Promise<{ request: AnyRequest; reply: Reply }> {
  const json = upload ? {} : await readBody(req, res);
  const body = validate(endpoint.body ?? NOTHING, json, 'body', endpoint.faults);
  const first = requestOf(admitted, body, upload);
  await endpoint.prepare?.(first);
  const identity = endpoint.identityOf ? endpoint.identityOf(body) : json;
  const keyed = {
    method: endpoint.method,
    path: req.path,
    query: first.query,
    body: upload ? { sha256: upload.sha256 } : identity,
    key: req.get('Idempotency-Key'),
  };
  return store.transaction(() => {
    // A body can take its time, in which the token may be revoked and the database deleted.
    const request = requestOf(admit(), body, upload);
    return { request, reply: idempotent(store, request, keyed, () => endpoint.handle(request)) };
  });
}

async function afterWaiting(
  { deps, endpoint, req, res }: Exchange,
  request: AnyRequest,
  reply: Reply,
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

function send(req: Request, res: Response, endpoint: AnyEndpoint, { status, headers, body }: Reply): void {
  res.status(status).set(headers ?? {});
  if (body === undefined) res.end();
  else if (endpoint.asText && req.accepts(['json', 'text']) === 'text') {
    res.type('text/plain').send(endpoint.asText(body as never));
  } else res.json(body);
}
