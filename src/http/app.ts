import express, { type Express, type RequestHandler } from 'express';
import { answerProblem } from './answer-problem.js';
import type { ApiDeps } from './api-deps.js';
import { dispatch } from './dispatch.js';
import { docsRoutes } from './docs-page.js';
import { endpoints } from './endpoints/index.js';
import { pathOf, type AnyEndpoint } from './endpoint.js';
import { healthRoutes } from './health.js';
import { logRequests } from './log-requests.js';
import { openapiDocument, PUBLIC_PATHS } from './openapi.js';
import { Problem } from './problem.js';
import { assignRequestId } from './request-id.js';

/** The HTTP service. It writes rows and reads rows; the provisioner does the rest. */
export function createApp(deps: ApiDeps, { version }: { version: string }): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(assignRequestId, logRequests(deps.logger), (_req, res, next) => {
    res.set('X-Content-Type-Options', 'nosniff');
    next();
  });
  app.use('/api', (_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  // Before their routers, which would answer OPTIONS themselves.
  for (const path of PUBLIC_PATHS) app.route(path).all(allowOnly(['GET', 'HEAD']));
  app.use(healthRoutes(deps));
  const api = endpoints(deps);
  const document = openapiDocument(api, version);
  app.get('/api/openapi.json', (_req, res) => {
    res.json(document);
  });
  app.use(docsRoutes());
  for (const [path, atPath] of groupByPath(api)) {
    const route = app.route(path);
    for (const endpoint of atPath) route[endpoint.method]((req, res) => dispatch(deps, endpoint, req, res));
    // Express answers HEAD where there is a GET.
    const methods = atPath.flatMap(({ method }) =>
      method === 'get' ? ['GET', 'HEAD'] : method.toUpperCase(),
    );
    route.all(allowOnly(methods));
  }
  app.use((req) => {
    throw new Problem('not_found', `there is nothing at ${req.path}; /docs shows what there is`);
  });
  app.use(answerProblem(deps.logger));
  return app;
}

function allowOnly(methods: readonly string[]): RequestHandler {
  const allowed = methods.join(', ');
  return (req, _res, next) => {
    if (methods.includes(req.method)) {
      next();
      return;
    }
    throw new Problem('method_not_allowed', `${req.method} is not for ${req.path}: use ${allowed}`, {
      headers: { Allow: allowed },
    });
  };
}

function groupByPath(api: readonly AnyEndpoint[]): Map<string, AnyEndpoint[]> {
  const groups = new Map<string, AnyEndpoint[]>();
  for (const endpoint of api) {
    const path = pathOf(endpoint);
    groups.set(path, [...(groups.get(path) ?? []), endpoint]);
  }
  return groups;
}
