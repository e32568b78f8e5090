import type { ApiDeps } from '../api-deps.js';
import { appVariables, toDotenv, variablesSchema } from '../app-variables.js';
import { endpoint } from '../endpoint.js';

export const getEnvEndpoint = ({ store, endpointsOf }: Pick<ApiDeps, 'store' | 'endpointsOf'>) =>
  endpoint({
    id: 'getEnv',
    method: 'get',
    scope: 'app',
    path: '/env',
    role: 'deploy',
    summary: 'The variables that a deploy gives the app; audited',
    description: 'With Accept: text/plain as dotenv lines. A database that was never ready has none yet.',
    responses: { 200: { description: 'The variables.', body: variablesSchema } },
    asText: toDotenv,
    handle: ({ scope: { app }, audit }) => {
      audit('env.read', app.slug);
      return { status: 200, body: appVariables({ store, endpointsOf }, app) };
    },
  });
