import type { ApiDeps } from '../api-deps.js';
import { endpoint } from '../endpoint.js';
import { databaseResource, databaseSchema } from '../schemas/database.js';

export const getDatabaseEndpoint = ({ endpointsOf }: Pick<ApiDeps, 'endpointsOf'>) =>
  endpoint({
    id: 'getDatabase',
    method: 'get',
    scope: 'database',
    path: '',
    role: 'viewer',
    summary: 'One database',
    findsDeleted: true,
    responses: { 200: { description: 'The database.', body: databaseSchema } },
    handle: ({ scope: { database } }) => ({
      status: 200,
      body: databaseResource(database, endpointsOf(database.id)),
    }),
  });
