import { listOperations } from '../../store/operations.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint } from '../endpoint.js';
import { operationResource, operationSchema } from '../schemas/operation.js';
import { mapPage, pageOf, pageQuery } from '../schemas/page.js';

export const listOperationsEndpoint = ({ store }: Pick<ApiDeps, 'store'>) =>
  endpoint({
    id: 'listOperations',
    method: 'get',
    scope: 'database',
    path: '/operations',
    role: 'viewer',
    summary: 'What was and is done to a database',
    findsDeleted: true,
    query: pageQuery,
    responses: { 200: { description: 'Newest first.', body: pageOf(operationSchema) } },
    handle: ({ scope, query }) => ({
      status: 200,
      body: mapPage(listOperations(store, scope.database.id, query), operationResource),
    }),
  });
