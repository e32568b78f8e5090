import { endpoint } from '../endpoint.js';
import { databaseResource, databaseSchema, type DatabaseView } from '../schemas/database.js';

export const getDatabaseEndpoint = (view: DatabaseView) =>
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
      body: databaseResource(database, view),
    }),
  });
