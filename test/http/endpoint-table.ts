import type { ApiDeps } from '../../src/http/api-deps.js';
import { endpoints } from '../../src/http/endpoints/index.js';
import { pathOf, type AnyEndpoint } from '../../src/http/endpoint.js';

export const VERSIONS = [15, 16, 17, 18];

/** Every endpoint as data, to make tests of. Its handlers have no store and are not called. */
export function endpointTable(): AnyEndpoint[] {
  return endpoints({ versions: VERSIONS } as unknown as ApiDeps);
}

const matchers = endpointTable().map((endpoint) => ({
  endpoint,
  pattern: new RegExp(`^${pathOf(endpoint).replace(/:\w+/g, '[^/]+')}/?$`),
}));

/** The endpoint that answers a request, found as the router finds it. */
export function endpointAt(method: string, path: string): AnyEndpoint | undefined {
  const [pathname = ''] = path.split('?');
  return matchers.find(
    ({ endpoint, pattern }) => endpoint.method === method.toLowerCase() && pattern.test(pathname),
  )?.endpoint;
}

/** What the API answers without a token. */
export const PUBLIC_PATHS = ['/healthz', '/readyz', '/api/openapi.json', '/docs'];
