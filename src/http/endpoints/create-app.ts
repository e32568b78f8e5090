import { findApp, insertApp } from '../../store/apps.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint } from '../endpoint.js';
import { Problem } from '../problem.js';
import { appResource, appSchema, newAppSchema } from '../schemas/app.js';

export const createAppEndpoint = ({ store }: Pick<ApiDeps, 'store'>) =>
  endpoint({
    id: 'createApp',
    method: 'post',
    scope: 'org',
    path: '/apps',
    role: 'member',
    summary: 'Create an app',
    body: newAppSchema,
    responses: { 201: { description: 'The app.', body: appSchema } },
    handle: ({ scope: { org }, body: { slug }, audit }) => {
      if (findApp(store, org.slug, slug)) {
        throw new Problem('app_exists', `org ${org.slug} has an app ${slug}: choose another slug`);
      }
      insertApp(store, { id: crypto.randomUUID(), org: org.slug, slug });
      audit('app.create', slug);
      const app = findApp(store, org.slug, slug);
      return {
        status: 201,
        headers: { Location: `/api/orgs/${org.slug}/apps/${slug}` },
        body: app && appResource(app),
      };
    },
  });
