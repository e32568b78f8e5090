import { updateOrg } from '../../store/orgs.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint } from '../endpoint.js';
import { orgChangeSchema, orgResource, orgSchema } from '../schemas/org.js';

export const changeOrgEndpoint = ({ store }: Pick<ApiDeps, 'store'>) =>
  endpoint({
    id: 'changeOrg',
    method: 'patch',
    scope: 'org',
    path: '',
    role: 'operator',
    summary: 'Change the plan of an org, suspend it or let it go on',
    description: 'A suspended org keeps its databases running and gets no new ones.',
    body: orgChangeSchema,
    responses: { 200: { description: 'The org.', body: orgSchema } },
    handle: ({ scope: { org }, body, audit }) => {
      const changed = { ...org, plan: body.plan ?? org.plan, status: body.status ?? org.status };
      updateOrg(store, org.slug, changed);
      audit('org.change', org.slug, { plan: changed.plan, status: changed.status });
      return { status: 200, body: orgResource(changed) };
    },
  });
