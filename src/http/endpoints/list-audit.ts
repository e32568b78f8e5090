import { listAuditEvents } from '../../store/audit.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint } from '../endpoint.js';
import { auditEventResource, auditEventSchema } from '../schemas/audit.js';
import { mapPage, pageOf, pageQuery } from '../schemas/page.js';

export const listAuditEndpoint = ({ store }: Pick<ApiDeps, 'store'>) =>
  endpoint({
    id: 'listAudit',
    method: 'get',
    scope: 'org',
    path: '/audit',
    role: 'admin',
    summary: 'What happened in an org',
    query: pageQuery,
    responses: { 200: { description: 'Newest first.', body: pageOf(auditEventSchema) } },
    handle: ({ scope, query }) => ({
      status: 200,
      body: mapPage(listAuditEvents(store, scope.org.slug, query), auditEventResource),
    }),
  });
