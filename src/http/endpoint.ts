import type { z } from 'zod';
import type { Operation } from '../domain/operation.js';
import type { App, Database, Org } from '../domain/records.js';
import type { Role } from '../domain/roles.js';
import type { ProblemCode } from './problem.js';

/** Who is asking. */
export interface Caller {
  tokenId: string;
  /** `null` for the operator, who reaches every org. */
  org: string | null;
  /** The slug of the one app the token is for; `null` for all. */
  app: string | null;
  role: Role;
}

/** What the path of an endpoint names, found and allowed before its handler runs. */
export interface Scopes {
  host: object;
  org: { org: Org };
  app: { org: Org; app: App };
  database: { org: Org; app: App; database: Database };
}
export type ScopeKind = keyof Scopes;

export const SCOPE_PATHS: Record<ScopeKind, string> = {
  host: '/api',
  org: '/api/orgs/:org',
  app: '/api/orgs/:org/apps/:app',
  database: '/api/orgs/:org/apps/:app/databases/:db',
};

/** A body that is not JSON, received and kept. */
export interface Upload {
  /** Of the operation that it is for. */
  id: string;
  sizeBytes: number;
  sha256: string;
  /** Called once it is decided whether there is such an operation. */
  release(): void;
}

export interface ApiRequest<Scope extends ScopeKind, Query, Body> {
  scope: Scopes[Scope];
  /** What the path names beyond the scope. Every name in the path is there. */
  params: Record<string, string>;
  query: Query;
  body: Body;
  /** Where the body is bytes. `body` is empty then. */
  upload: Upload | null;
  caller: Caller;
  /** Whether its Idempotency-Key was used: it may have been done before, and only its whole body tells. */
  mayRepeat: () => boolean;
  /** Appends to the audit log of the scope's org, or of `org`, in the request's transaction. */
  audit: (action: string, target: string, detail?: Record<string, unknown>, org?: string) => void;
}

export interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
  /**
   * Sent instead of a body, as it comes. What rejects before the first piece is answered as a problem. Aborted when
   * nobody is there any more to read it.
   */
  stream?: (signal: AbortSignal) => Promise<AsyncIterable<Buffer>>;
  /** The operation this answer has queued or found: `Prefer: wait` waits for it. */
  awaits?: string;
  /** Something was queued for which this answer does not wait. */
  queued?: boolean;
  /** The request made what `awaits` is about: once it is done the answer is 201. */
  created?: boolean;
}

export interface ResponseContract {
  description: string;
  body?: z.ZodType;
  /** Of a body that is a stream of bytes. */
  stream?: 'application/octet-stream' | 'text/plain; version=0.0.4; charset=utf-8';
}

/**
 * One endpoint as data: the router, the checks, the access tests and the OpenAPI document all come from it.
 * `handle` is synchronous and, but for GET, runs inside the transaction that also keeps the idempotent answer:
 * a change, its audit event and its answer are one.
 */
export interface Endpoint<
  Scope extends ScopeKind = ScopeKind,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
> {
  id: string;
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  scope: Scope;
  /** Appended to the path of the scope. */
  path: string;
  /** Its path is not below `/api`: where others look for it. */
  outsideApi?: true;
  role: Role;
  summary: string;
  description?: string;
  query?: Query;
  body?: Body;
  /**
   * Keeps a body that is not JSON, which may be of any length, as it comes: before `handle`, outside of its
   * transaction. It decides whether to read it at all by what is known before.
   */
  upload?: {
    description: string;
    receive: (
      request: ApiRequest<Scope, z.output<Query>, unknown>,
      chunks: AsyncIterable<Buffer>,
    ) => Promise<Upload>;
  };
  /** What has to be waited for before `handle`, outside of its transaction. */
  prepare?: (request: ApiRequest<Scope, z.output<Query>, z.output<Body>>) => Promise<void>;
  /** What a body is told by under an `Idempotency-Key`, where it holds a secret: without that. */
  identityOf?: (body: z.output<Body>) => unknown;
  /** The problem that a fault in a field of the body is, where it has one of its own. */
  faults?: Record<string, ProblemCode>;
  /** Whether a deleted database can be named by its id. */
  findsDeleted?: boolean;
  /** How long it waits for its operation when the caller does not say, in ms. Then `settled` has the last word. */
  waitMs?: number;
  responses: Partial<Record<200 | 201 | 202 | 204, ResponseContract>>;
  /** How the body is written for `Accept: text/plain`. */
  asText?: (body: never) => string;
  handle: (request: ApiRequest<Scope, z.output<Query>, z.output<Body>>) => Reply;
  /** The answer after waiting for the operation, whatever became of it. */
  settled?: (
    request: ApiRequest<Scope, z.output<Query>, z.output<Body>>,
    operation: Operation,
    first: Reply,
  ) => Reply;
}

/** An endpoint whose types are known to itself only. */
export type AnyEndpoint = Endpoint;

/** Infers the types of an endpoint from its schemas. */
export function endpoint<Scope extends ScopeKind, Query extends z.ZodType, Body extends z.ZodType>(
  definition: Endpoint<Scope, Query, Body>,
): AnyEndpoint {
  // The dispatcher passes each handler what its own schemas gave it, so forgetting the types here is safe.
  return definition as unknown as AnyEndpoint;
}

export function pathOf({
  scope,
  path,
  outsideApi,
}: Pick<AnyEndpoint, 'scope' | 'path' | 'outsideApi'>): string {
  return outsideApi ? path : `${SCOPE_PATHS[scope]}${path}`;
}
