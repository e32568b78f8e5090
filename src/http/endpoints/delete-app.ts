import { deleteApp } from '../../store/apps.js';
import { countLiveDatabases } from '../../store/databases.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint } from '../endpoint.js';
import { Problem } from '../problem.js';

export const deleteAppEndpoint = ({ store }: Pick<ApiDeps, 'store'>) =>
  endpoint({
    id: 'deleteApp',
    method: 'delete',
    scope: 'app',
    path: '',
    role: 'member',
    summary: 'Delete an app that has no databases',
    description: 'Tokens of this app alone are revoked. Volumes that its databases left stay preserved.',
    responses: { 204: { description: 'The app is gone.' } },
    handle: ({ scope: { app }, audit }) => {
      const databases = countLiveDatabases(store, { appId: app.id });
      if (databases > 0) {
        throw new Problem('app_in_use', `delete the ${databases} database(s) of app ${app.slug} first`);
      }
      deleteApp(store, app);
      audit('app.delete', app.slug);
      return { status: 204 };
    },
  });
