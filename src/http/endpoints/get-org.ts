import { endpoint } from '../endpoint.js';
import { orgResource, orgSchema } from '../schemas/org.js';

export const getOrgEndpoint = () =>
  endpoint({
    id: 'getOrg',
    method: 'get',
    scope: 'org',
    path: '',
    role: 'operator',
    summary: 'One org',
    responses: { 200: { description: 'The org.', body: orgSchema } },
    handle: ({ scope }) => ({ status: 200, body: orgResource(scope.org) }),
  });
