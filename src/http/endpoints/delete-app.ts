import { deleteApp } from '../../store/apps.js';
import { listDeletedWithBackups } from '../../store/backups.js';
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
    description:
      'Nor may its deleted databases have left backups: nobody could reach them any more. Tokens of this app alone are revoked. Volumes that its databases left stay preserved.',
    responses: { 204: { description: 'The app is gone.' } },
    handle: ({ scope: { app }, audit }) => {
      const databases = countLiveDatabases(store, { appId: app.id });
      if (databases > 0) {
        throw new Problem('app_in_use', `delete the ${databases} database(s) of app ${app.slug} first`);
      }
      const ids = listDeletedWithBackups(store, app.id);
      if (ids.length > 0) {
        throw new Problem(
          'app_has_backups',
          `deleted databases of app ${app.slug} left backups, which nobody could reach then: delete those that …/databases/<id>/backups lists of ${named(ids)}`,
        );
      }
      deleteApp(store, app);
      audit('app.delete', app.slug);
      return { status: 204 };
    },
  });

function named(ids: readonly string[]): string {
  const SHOWN = 3;
  const more = ids.length > SHOWN ? ` and ${ids.length - SHOWN} more` : '';
  return ids.slice(0, SHOWN).join(', ') + more;
}
