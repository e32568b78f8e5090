import { includesRole } from '../../domain/roles.js';
import { findApp } from '../../store/apps.js';
import { findToken, insertToken } from '../../store/tokens.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint } from '../endpoint.js';
import { Problem } from '../problem.js';
import { createdTokenSchema, newTokenSchema, tokenResource } from '../schemas/token.js';

export const createTokenEndpoint = ({ store, newToken }: Pick<ApiDeps, 'store' | 'newToken'>) =>
  endpoint({
    id: 'createToken',
    method: 'post',
    scope: 'org',
    path: '/tokens',
    role: 'admin',
    summary: 'Create a token, with at most the role of the caller',
    body: newTokenSchema,
    responses: { 201: { description: 'The token, shown this once.', body: createdTokenSchema } },
    handle: ({ scope: { org }, body, caller, audit }) => {
      if (!includesRole(caller.role, body.role)) {
        throw new Problem('forbidden', `a token of role ${caller.role} cannot make one of role ${body.role}`);
      }
      const app = body.app === undefined ? null : findApp(store, org.slug, body.app);
      if (app === undefined) throw new Problem('app_not_found', `org ${org.slug} has no app ${body.app}`);
      const expiresAt = body.expiresAt === undefined ? null : new Date(body.expiresAt).toISOString();
      if (expiresAt !== null && expiresAt <= store.now()) {
        throw new Problem('invalid_request', 'expiresAt: must lie ahead', {
          errors: [{ in: 'body', path: 'expiresAt', detail: 'must lie ahead' }],
        });
      }
      const id = store.newId();
      const token = newToken(id);
      insertToken(store, {
        id,
        org: org.slug,
        appId: app?.id ?? null,
        name: body.name,
        role: body.role,
        hash: store.sha256(token),
        expiresAt,
      });
      audit('token.create', id, { name: body.name, role: body.role, app: body.app ?? null });
      const created = findToken(store, org.slug, id);
      return { status: 201, body: created && { ...tokenResource(created), token } };
    },
  });
