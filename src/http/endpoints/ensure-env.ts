import { findDatabase, findDatabaseById } from '../../store/databases.js';
import type { ApiDeps } from '../api-deps.js';
import { appVariables, toDotenv, variablesSchema } from '../app-variables.js';
import { endpoint } from '../endpoint.js';
import { ensureDatabase } from '../ensure-database.js';
import { Problem } from '../problem.js';

const MAIN = 'main';

export const ensureEnvEndpoint = (
  deps: Pick<ApiDeps, 'store' | 'versions' | 'newCredential' | 'endpointsOf'>,
) =>
  endpoint({
    id: 'ensureEnv',
    method: 'post',
    scope: 'app',
    path: '/env',
    role: 'deploy',
    summary: 'Ensure the database main, wait until it is ready, and give the variables; audited',
    description: 'Waits up to 60 s, or as long as Prefer: wait says.',
    responses: { 200: { description: 'The variables.', body: variablesSchema } },
    asText: toDotenv,
    waitMs: 60_000,
    handle: ({ scope, audit }) => {
      const existing = findDatabase(deps.store, scope.app.id, MAIN);
      const { database, operation, created } = ensureDatabase(deps, scope, existing, { name: MAIN });
      if (created) audit('database.create', `${scope.app.slug}/${MAIN}`, { databaseId: database.id });
      audit('env.read', scope.app.slug);
      if (operation && database.readyAt === null) return { status: 202, awaits: operation.id };
      return { status: 200, body: appVariables(deps, scope.app), queued: operation !== null };
    },
    settled: ({ scope: { app } }, operation) => {
      const database = findDatabaseById(deps.store, operation.databaseId);
      if (operation.status === 'succeeded') return { status: 200, body: appVariables(deps, app) };
      if (operation.status === 'queued' || operation.status === 'running') {
        const reason = operation.errorMessage === null ? '' : `: ${operation.errorMessage}`;
        throw new Problem('database_not_ready', `${MAIN} is not ready yet${reason}; ask again`);
      }
      throw new Problem('database_failed', database?.errorMessage ?? `${MAIN} was deleted meanwhile`);
    },
  });
