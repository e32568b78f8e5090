import { endpoint } from '../endpoint.js';
import { appResource, appSchema } from '../schemas/app.js';

export const getAppEndpoint = () =>
  endpoint({
    id: 'getApp',
    method: 'get',
    scope: 'app',
    path: '',
    role: 'member',
    summary: 'One app',
    responses: { 200: { description: 'The app.', body: appSchema } },
    handle: ({ scope }) => ({ status: 200, body: appResource(scope.app) }),
  });
