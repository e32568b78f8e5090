import { z } from 'zod';
import { dsnsOf } from '../../domain/environment.js';
import { getCredential } from '../../store/credentials.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint } from '../endpoint.js';
import { Problem } from '../problem.js';

const dsnsSchema = z.object({ dsn: z.string(), directDsn: z.string() }).meta({ id: 'Dsns' });

export const revealDatabaseEndpoint = ({ store, endpointsOf }: Pick<ApiDeps, 'store' | 'endpointsOf'>) =>
  endpoint({
    id: 'revealDatabase',
    method: 'post',
    scope: 'database',
    path: '/reveal',
    role: 'admin',
    summary: 'The URLs of a database with its password; audited',
    responses: { 200: { description: 'The URLs, through the pooler and direct.', body: dsnsSchema } },
    handle: ({ scope: { app, database }, audit }) => {
      if (database.status === 'deleting') {
        throw new Problem('database_deleting', 'its credentials are going away');
      }
      if (database.readyAt === null) {
        throw new Problem(
          'database_not_ready',
          `${database.name} was never ready: its URLs open nothing yet`,
        );
      }
      audit('database.reveal', `${app.slug}/${database.name}`, { databaseId: database.id });
      return { status: 200, body: dsnsOf(endpointsOf(database.id), getCredential(store, database.id)) };
    },
  });
