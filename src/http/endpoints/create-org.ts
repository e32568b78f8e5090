import { findOrg, insertOrg } from '../../store/orgs.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint } from '../endpoint.js';
import { Problem } from '../problem.js';
import { newOrgSchema, orgResource, orgSchema } from '../schemas/org.js';

export const createOrgEndpoint = ({ store }: Pick<ApiDeps, 'store'>) =>
  endpoint({
    id: 'createOrg',
    method: 'post',
    scope: 'host',
    path: '/orgs',
    role: 'operator',
    summary: 'Create an org',
    body: newOrgSchema,
    responses: { 201: { description: 'The org.', body: orgSchema } },
    handle: ({ body, audit }) => {
      if (findOrg(store, body.slug))
        throw new Problem('tenant_exists', `choose another slug than ${body.slug}`);
      insertOrg(store, body);
      audit('org.create', body.slug, { plan: body.plan }, body.slug);
      const org = findOrg(store, body.slug);
      return { status: 201, headers: { Location: `/api/orgs/${body.slug}` }, body: org && orgResource(org) };
    },
  });
