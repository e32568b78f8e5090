import { listOrgs } from '../../store/orgs.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint } from '../endpoint.js';
import { orgResource, orgSchema } from '../schemas/org.js';
import { mapPage, pageOf, pageQuery } from '../schemas/page.js';

export const listOrgsEndpoint = ({ store }: Pick<ApiDeps, 'store'>) =>
  endpoint({
    id: 'listOrgs',
    method: 'get',
    scope: 'host',
    path: '/orgs',
    role: 'operator',
    summary: 'The orgs of this host',
    query: pageQuery,
    responses: { 200: { description: 'Ordered by slug.', body: pageOf(orgSchema) } },
    handle: ({ query }) => ({ status: 200, body: mapPage(listOrgs(store, query), orgResource) }),
  });
