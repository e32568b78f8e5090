import { listDatabases } from '../../store/databases.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint } from '../endpoint.js';
import { databaseResource, databaseSchema, type DatabaseView } from '../schemas/database.js';
import { mapPage, pageOf, pageQuery } from '../schemas/page.js';

export const listDatabasesEndpoint = ({ store, ...view }: Pick<ApiDeps, 'store'> & DatabaseView) =>
  endpoint({
    id: 'listDatabases',
    method: 'get',
    scope: 'app',
    path: '/databases',
    role: 'viewer',
    summary: 'The databases of an app',
    query: pageQuery,
    responses: { 200: { description: 'Oldest first, without deleted ones.', body: pageOf(databaseSchema) } },
    handle: ({ scope, query }) => ({
      status: 200,
      body: mapPage(listDatabases(store, scope.app.id, query), (database) =>
        databaseResource(database, view),
      ),
    }),
  });
