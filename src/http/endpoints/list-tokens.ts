import { listTokens } from '../../store/tokens.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint } from '../endpoint.js';
import { mapPage, pageOf, pageQuery } from '../schemas/page.js';
import { tokenResource, tokenSchema } from '../schemas/token.js';

export const listTokensEndpoint = ({ store }: Pick<ApiDeps, 'store'>) =>
  endpoint({
    id: 'listTokens',
    method: 'get',
    scope: 'org',
    path: '/tokens',
    role: 'admin',
    summary: 'The tokens of an org that were not revoked',
    query: pageQuery,
    responses: { 200: { description: 'Oldest first.', body: pageOf(tokenSchema) } },
    handle: ({ scope, query }) => ({
      status: 200,
      body: mapPage(listTokens(store, scope.org.slug, query), tokenResource),
    }),
  });
