import type { ApiDeps } from '../../src/http/api-deps.js';
import { endpoints } from '../../src/http/endpoints/index.js';
import { pathOf, type AnyEndpoint } from '../../src/http/endpoint.js';

export const VERSIONS = [15, 16, 17, 18];

/** Every endpoint as data, to make tests of. Its handlers have no store and are not called. */
export function endpointTable(): AnyEndpoint[] {
  return endpoints({ versions: VERSIONS } as unknown as ApiDeps);
}

/** The endpoint that answers a request, found as the router finds it. */
export function endpointAt(method: string, path: string): AnyEndpoint | undefined {
  const [pathname = ''] = path.split('?');
  return endpointTable().find(
    (endpoint) =>
      endpoint.method === method.toLowerCase() &&
      new RegExp(`^${pathOf(endpoint).replace(/:\w+/g, '[^/]+')}/?$`).test(pathname),
  );
}

/** What the API answers without a token. */
export const PUBLIC_PATHS = ['/healthz', '/readyz', '/api/openapi.json', '/docs'];
