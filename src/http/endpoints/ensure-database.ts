import { isName, NAME_RULE } from '../../domain/names.js';
import { findDatabase } from '../../store/databases.js';
import type { ApiDeps } from '../api-deps.js';
import { databaseReply } from '../database-reply.js';
import { endpoint } from '../endpoint.js';
import { ensureDatabase } from '../ensure-database.js';
import { Problem } from '../problem.js';
import { databaseSchema, type DatabaseView, databaseSettingsSchema } from '../schemas/database.js';

export const ensureDatabaseEndpoint = (
  deps: Pick<ApiDeps, 'store' | 'versions' | 'newCredential'> & DatabaseView,
) => {
  const { answer, settled } = databaseReply(deps);
  return endpoint({
    id: 'ensureDatabase',
    method: 'put',
    scope: 'app',
    path: '/databases/:db',
    role: 'deploy',
    summary: 'Create a database unless it exists; try again one that failed',
    body: databaseSettingsSchema(deps.versions),
    faults: { engineVersion: 'unsupported_database_version' },
    responses: {
      200: { description: 'It is ready.', body: databaseSchema },
      201: { description: 'It was created and is ready (Prefer: wait).', body: databaseSchema },
      202: { description: 'It is queued.', body: databaseSchema },
    },
    handle: ({ scope, params: { db: name = '' }, body, audit }) => {
      if (!isName(name)) throw new Problem('invalid_database_name', `the name ${NAME_RULE}`);
      const { database, operation, created } = ensureDatabase(
        deps,
        scope,
        findDatabase(deps.store, scope.app.id, name),
        { name, ...body },
      );
      if (created) audit('database.create', `${scope.app.slug}/${name}`, { databaseId: database.id });
      return answer(database, operation, created);
    },
    settled,
  });
};
