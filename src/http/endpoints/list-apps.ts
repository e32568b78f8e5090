import { listApps } from '../../store/apps.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint } from '../endpoint.js';
import { appResource, appSchema } from '../schemas/app.js';
import { mapPage, pageOf, pageQuery } from '../schemas/page.js';

export const listAppsEndpoint = ({ store }: Pick<ApiDeps, 'store'>) =>
  endpoint({
    id: 'listApps',
    method: 'get',
    scope: 'org',
    path: '/apps',
    role: 'member',
    summary: 'The apps of an org',
    query: pageQuery,
    responses: { 200: { description: 'Ordered by slug.', body: pageOf(appSchema) } },
    handle: ({ scope, query }) => ({
      status: 200,
      body: mapPage(listApps(store, scope.org.slug, query), appResource),
    }),
  });
