/** Every problem the API can answer with: its HTTP status and the title that clients match on. */
export const PROBLEMS = {
  invalid_request: { status: 400, title: 'invalid request' },
  invalid_json: { status: 400, title: 'invalid JSON' },
  invalid_cursor: { status: 400, title: 'invalid cursor' },
  invalid_database_name: { status: 400, title: 'invalid database name' },
  unsupported_database_version: { status: 400, title: 'unsupported database version' },
  plan_not_available: { status: 400, title: 'plan not available' },
  unusable_dump: { status: 400, title: 'dump cannot be imported' },
  source_not_usable: { status: 400, title: 'source cannot be used' },
  unauthorized: { status: 401, title: 'unauthorized' },
  forbidden: { status: 403, title: 'forbidden' },
  not_found: { status: 404, title: 'not found' },
  tenant_not_found: { status: 404, title: 'tenant not found' },
  app_not_found: { status: 404, title: 'app not found' },
  database_not_found: { status: 404, title: 'database not found' },
  operation_not_found: { status: 404, title: 'operation not found' },
  token_not_found: { status: 404, title: 'token not found' },
  backup_not_found: { status: 404, title: 'backup not found' },
  volume_not_found: { status: 404, title: 'volume not found' },
  method_not_allowed: { status: 405, title: 'method not allowed' },
  request_timeout: { status: 408, title: 'body took too long' },
  tenant_not_ready: { status: 409, title: 'tenant is not ready' },
  tenant_exists: { status: 409, title: 'a tenant with this slug already exists' },
  app_exists: { status: 409, title: 'an app with this slug already exists' },
  app_in_use: { status: 409, title: 'app still has databases' },
  app_has_backups: { status: 409, title: 'app still has backups' },
  database_exists: { status: 409, title: 'a database with this name already exists' },
  database_differs: { status: 409, title: 'database exists with other settings' },
  database_not_ready: { status: 409, title: 'database is not ready' },
  database_not_empty: { status: 409, title: 'database is not empty' },
  database_deleting: { status: 409, title: 'database is being deleted' },
  backup_in_progress: { status: 409, title: 'backup is under way' },
  backup_not_stored: { status: 409, title: 'backup holds nothing' },
  backup_in_use: { status: 409, title: 'backup is in use' },
  volume_in_use: { status: 409, title: 'volume is not preserved' },
  idempotency_key_reused: { status: 409, title: 'idempotency key reused' },
  body_too_large: { status: 413, title: 'body too large' },
  unsupported_media_type: { status: 415, title: 'unsupported media type' },
  quota_exceeded: { status: 429, title: 'database quota exceeded' },
  internal_error: { status: 500, title: 'internal error' },
  not_usable: { status: 503, title: 'not usable' },
  database_failed: { status: 503, title: 'database could not be made ready' },
  no_space: { status: 507, title: 'no space left' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One fault of a request: where it is, and what is allowed there. */
export interface Fault {
  in: 'body' | 'query' | 'header';
  path: string;
  detail: string;
}

/** An answer of RFC 9457. `detail` tells the caller what to do. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly extras: { errors?: Fault[]; headers?: Record<string, string> } = {},
  ) {
    super(detail);
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  /** The body of `application/problem+json`. */
  toJson(requestId: string) {
    const { status, title } = PROBLEMS[this.code];
    return {
      type: `urn:paasdb:problem:${this.code}`,
      title,
      status,
      detail: this.detail,
      code: this.code,
      requestId,
      ...(this.extras.errors && { errors: this.extras.errors }),
    };
  }
}
