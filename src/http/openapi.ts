import { z } from 'zod';
import { pathOf, type AnyEndpoint } from './endpoint.js';
import { problemSchema } from './schemas/problem.js';

type Json = Record<string, unknown>;

/** What anyone may read, without a token. */
export const PUBLIC_PATHS = ['/healthz', '/readyz', '/api/openapi.json', '/docs'] as const;

const PUBLIC_SUMMARIES: Record<(typeof PUBLIC_PATHS)[number], string> = {
  '/healthz': 'Whether the daemon answers',
  '/readyz':
    'Whether the control database and Docker can be used, and how many backups are overdue; 503 with the reason when not',
  '/api/openapi.json': 'This document',
  '/docs': 'A page to read it',
};

/** The OpenAPI 3.1 document of these endpoints, from the very schemas that check requests. */
export function openapiDocument(endpoints: readonly AnyEndpoint[], version: string): Json {
  const components: Json = {};
  const schemaOf = (schema: z.ZodType, io: 'input' | 'output') => toSchema(schema, io, components);
  const paths: Record<string, Json> = publicPaths();
  for (const endpoint of endpoints) {
    const path = pathOf(endpoint).replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [endpoint.method]: operationOf(endpoint, schemaOf) };
  }
  schemaOf(problemSchema, 'output');
  return {
    openapi: '3.1.0',
    info: { title: 'paasdb', version, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      responses: {
        Problem: {
          description: 'What is wrong, and what to do about it (RFC 9457).',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
      schemas: Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  };
}

function publicPaths(): Record<string, Json> {
  return Object.fromEntries(
    PUBLIC_PATHS.map((path) => [
      path,
      {
        get: {
          operationId: `get${path.replace(/^\/(api\/)?|\.json$/g, '').replace(/^./, (first) => first.toUpperCase())}`,
          summary: PUBLIC_SUMMARIES[path],
          security: [],
          responses: {
            200: { description: 'It is so.' },
            default: { $ref: '#/components/responses/Problem' },
          },
        },
      },
    ]),
  );
}

function operationOf(
  endpoint: AnyEndpoint,
  schemaOf: (schema: z.ZodType, io: 'input' | 'output') => Json,
): Json {
  const responses = Object.entries(endpoint.responses).map(([status, { description, body, stream }]) => {
    const bytes = stream && { [stream]: {} };
    const json = body && {
      'application/json': { schema: schemaOf(body, 'output') },
      ...(endpoint.asText && { 'text/plain': { schema: { type: 'string' } } }),
    };
    const content = bytes ?? json;
    return [status, { description, ...(content && { content }) }];
  });
  return {
    operationId: endpoint.id,
    summary: endpoint.summary,
    description: [endpoint.description, `Needs the role \`${endpoint.role}\`.`].filter(Boolean).join(' '),
    parameters: [
      ...pathParameters(endpoint),
      ...queryParameters(endpoint, schemaOf),
      ...headerParameters(endpoint),
    ],
    ...(endpoint.body && {
      requestBody: {
        required: endpoint.method === 'post',
        content: {
          'application/json': { schema: schemaOf(endpoint.body, 'input') },
          ...(endpoint.upload && { 'application/octet-stream': {} }),
        },
        ...(endpoint.upload && { description: endpoint.upload.description }),
      },
    }),
    responses: {
      ...(Object.fromEntries(responses) as Json),
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

function pathParameters(endpoint: AnyEndpoint): Json[] {
  return [...pathOf(endpoint).matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(endpoint: AnyEndpoint, schemaOf: (schema: z.ZodType, io: 'input') => Json): Json[] {
  if (!endpoint.query) return [];
  const { properties = {} } = schemaOf(endpoint.query, 'input') as { properties?: Record<string, Json> };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: false,
    ...(description !== undefined && { description }),
    schema,
  }));
}

function headerParameters(endpoint: AnyEndpoint): Json[] {
  const header = (name: string, description: string) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  });
  return [
    ...(endpoint.method === 'post'
      ? [header('Idempotency-Key', 'The same key and body give the same answer for 24 hours.')]
      : []),
    ...(endpoint.settled
      ? [header('Prefer', 'wait=N waits up to N seconds (at most 60) for the work to be done.')]
      : []),
  ];
}

/** A schema whose named parts are moved to the components. */
function toSchema(schema: z.ZodType, io: 'input' | 'output', components: Json): Json {
  const { $schema, $defs, ...root } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' }) as Json & {
    $defs?: Record<string, Json>;
  };
  // A schema that has a name itself is among the definitions too, and its root is a reference to it.
  for (const [name, definition] of Object.entries($defs ?? {})) components[name] = relocate(definition, io);
  return relocate(root, io);
}

/** Requests have the fields they have and no others; answers may get new ones. */
function relocate(schema: Json, io: 'input' | 'output'): Json {
  const text = JSON.stringify(schema, (key, value: unknown) =>
    io === 'output' && key === 'additionalProperties' && value === false ? undefined : value,
  );
  const { id, ...rest } = JSON.parse(text.replaceAll('"#/$defs/', '"#/components/schemas/')) as Json;
  return rest;
}
