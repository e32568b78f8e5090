import { includesRole } from '../../domain/roles.js';
import { findToken, revokeToken } from '../../store/tokens.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint } from '../endpoint.js';
import { Problem } from '../problem.js';

export const revokeTokenEndpoint = ({ store }: Pick<ApiDeps, 'store'>) =>
  endpoint({
    id: 'revokeToken',
    method: 'delete',
    scope: 'org',
    path: '/tokens/:id',
    role: 'admin',
    summary: 'Revoke a token, of at most the role of the caller',
    responses: { 204: { description: 'The token opens nothing any more.' } },
    handle: ({ scope: { org }, params: { id = '' }, caller, audit }) => {
      const token = findToken(store, org.slug, id);
      if (!token || token.revokedAt !== null)
        throw new Problem('token_not_found', `org ${org.slug} has no token ${id}`);
      if (!includesRole(caller.role, token.role)) {
        throw new Problem(
          'forbidden',
          `a token of role ${caller.role} cannot revoke one of role ${token.role}`,
        );
      }
      revokeToken(store, id);
      audit('token.revoke', id, { name: token.name, role: token.role });
      return { status: 204 };
    },
  });
