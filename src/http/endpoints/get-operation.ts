import { findOperation } from '../../store/operations.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint } from '../endpoint.js';
import { Problem } from '../problem.js';
import { operationResource, operationSchema } from '../schemas/operation.js';

export const getOperationEndpoint = ({ store }: Pick<ApiDeps, 'store'>) =>
  endpoint({
    id: 'getOperation',
    method: 'get',
    scope: 'database',
    path: '/operations/:id',
    role: 'viewer',
    summary: 'One operation',
    findsDeleted: true,
    responses: { 200: { description: 'The operation.', body: operationSchema } },
    handle: ({ scope: { database }, params: { id = '' } }) => {
      const operation = findOperation(store, database.id, id);
      if (!operation)
        throw new Problem('operation_not_found', `database ${database.name} has no operation ${id}`);
      return { status: 200, body: operationResource(operation) };
    },
  });
