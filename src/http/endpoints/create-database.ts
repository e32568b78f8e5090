import { includesRole } from '../../domain/roles.js';
import type { ApiDeps } from '../api-deps.js';
import { databaseReply } from '../database-reply.js';
import { endpoint } from '../endpoint.js';
import { Problem } from '../problem.js';
import { queueDatabase } from '../queue-database.js';
import { databaseSchema, type DatabaseView, newDatabaseSchema } from '../schemas/database.js';

export const createDatabaseEndpoint = (
  deps: Pick<ApiDeps, 'store' | 'versions' | 'newCredential'> & DatabaseView,
) => {
  const { answer, settled } = databaseReply(deps);
  return endpoint({
    id: 'createDatabase',
    method: 'post',
    scope: 'app',
    path: '/databases',
    role: 'member',
    summary: 'Create a database, or attach a preserved volume (owner)',
    body: newDatabaseSchema(deps.versions),
    faults: { name: 'invalid_database_name', engineVersion: 'unsupported_database_version' },
    responses: {
      201: { description: 'It is ready (Prefer: wait).', body: databaseSchema },
      202: { description: 'It is queued.', body: databaseSchema },
    },
    handle: ({ scope, body, caller, audit }) => {
      if (body.fromVolume !== undefined && !includesRole(caller.role, 'owner')) {
        throw new Problem(
          'forbidden',
          `attaching a volume needs the role owner; this token is ${caller.role}`,
        );
      }
      const { database, operation } = queueDatabase(deps, scope, body, caller);
      audit('database.create', `${scope.app.slug}/${database.name}`, {
        databaseId: database.id,
        fromVolume: body.fromVolume ?? null,
      });
      return answer(database, operation, true);
    },
    settled,
  });
};
