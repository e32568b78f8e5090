import { openapiDocument } from '../../src/http/openapi.js';
import { pathOf } from '../../src/http/endpoint.js';
import { bootApi } from './boot-api.js';
import { endpointTable, PUBLIC_PATHS } from './endpoint-table.js';

type Json = Record<string, unknown>;

interface Parameter {
  name: string;
  in: string;
  required: boolean;
  schema: Json;
}

interface Operation {
  operationId: string;
  summary: string;
  parameters: Parameter[];
  requestBody?: { required: boolean; content: Record<string, { schema: Json }> };
  responses: Record<string, Json>;
  security?: Json[];
}

const document = openapiDocument(endpointTable(), '1.2.3') as {
  openapi: string;
  info: Json;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Json>; responses: Json; securitySchemes: Json };
  security: Json[];
};

const everything = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    path,
    method,
    operation,
    id: operation.operationId,
  })),
);

const isPublic = ({ path }: { path: string }) => PUBLIC_PATHS.includes(path);
const operations = everything.filter((each) => !isPublic(each));

/** Every object inside a value, with where it is. */
function* objectsIn(value: unknown, at = '#'): Generator<[string, Json]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [at, value as Json];
  for (const [key, inner] of Object.entries(value))
    yield* objectsIn(inner, `${at}/${key.replaceAll('/', '~1')}`);
}

function lookUp(pointer: string): unknown {
  return pointer
    .slice(2)
    .split('/')
    .reduce<unknown>((value, key) => (value as Json | undefined)?.[key.replaceAll('~1', '/')], document);
}

/** What a schema is in the end, when its references are followed. */
function resolve(schema: Json): Json {
  const seen = new Set<unknown>();
  let current = schema;
  while (typeof current.$ref === 'string') {
    if (seen.has(current.$ref)) throw new Error(`${current.$ref} refers to itself`);
    seen.add(current.$ref);
    current = lookUp(current.$ref) as Json;
  }
  return current;
}

describe('the OpenAPI document', () => {
  it('is of version 3.1 and names itself', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info).toMatchObject({ title: 'paasdb', version: '1.2.3', license: { name: 'MIT' } });
  });

  it('has every endpoint of the table, and no other', () => {
    const table = endpointTable().map(
      (endpoint) => `${endpoint.method} ${pathOf(endpoint).replace(/:(\w+)/g, '{$1}')} ${endpoint.id}`,
    );
    expect(operations.map(({ method, path, id }) => `${method} ${path} ${id}`).sort()).toEqual(table.sort());
  });

  it('has every public path, which asks for no token', () => {
    const open = everything.filter(isPublic);
    expect(open.map(({ method, path }) => `${method} ${path}`)).toEqual(
      PUBLIC_PATHS.map((path) => `get ${path}`),
    );
    for (const { operation } of open) {
      expect(operation.security).toEqual([]);
      expect(operation.responses).toHaveProperty('200');
      expect(operation.responses.default).toEqual({ $ref: '#/components/responses/Problem' });
    }
  });

  it('lets answers have more fields than it knows', () => {
    const answers = [
      ...operations.map(({ operation }) => operation.responses),
      document.components.responses,
    ];
    const inAnswers = new Set<Json>();
    const visit = (value: unknown): void => {
      for (const [, object] of objectsIn(value)) {
        if (inAnswers.has(object)) continue;
        inAnswers.add(object);
        if (typeof object.$ref === 'string') visit(lookUp(object.$ref));
      }
    };
    visit(Object.assign({}, answers));
    expect(inAnswers.size).toBeGreaterThan(100);
    expect([...inAnswers].filter(({ additionalProperties }) => additionalProperties === false)).toEqual([]);
  });

  it('names every operation once, and says what each is for', () => {
    const ids = everything.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { id, operation } of everything) {
      expect(id).toMatch(/^[a-z][A-Za-z]+$/);
      expect(operation.summary.length).toBeGreaterThan(5);
    }
  });

  it('has a target for every reference', () => {
    const references = [...objectsIn(document)].flatMap(([at, { $ref }]) =>
      typeof $ref === 'string' ? [{ at, $ref }] : [],
    );
    expect(references.length).toBeGreaterThan(50);
    for (const { at, $ref } of references) {
      expect({ at, $ref, found: typeof lookUp($ref) }).toEqual({ at, $ref, found: 'object' });
    }
  });

  it('says what every named schema is, and uses each', () => {
    const used = JSON.stringify(document);
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      expect({ name, type: resolve(schema).type }).toEqual({ name, type: 'object' });
      expect(used).toContain(`"#/components/schemas/${name}"`);
    }
  });

  it('holds nothing that only its maker understands', () => {
    const text = JSON.stringify(document);
    for (const leftover of ['$defs', '"$schema"', '"~standard"']) expect(text).not.toContain(leftover);
    const ids = [...objectsIn(document.components.schemas)].filter(
      ([at, { id }]) => id !== undefined && !at.endsWith('/properties'),
    );
    expect(ids).toEqual([]);
  });

  it.each(operations)('declares each parameter in the path of $id, and no other', ({ path, operation }) => {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const declared = operation.parameters.filter((parameter) => parameter.in === 'path');
    expect(declared.map(({ name }) => name)).toEqual(inPath);
    expect(declared.every(({ required }) => required)).toBe(true);
    const names = operation.parameters.map((parameter) => `${parameter.in} ${parameter.name}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { schema } of operation.parameters) expect(schema.type).toBe('string');
  });

  it.each(operations)('describes what $id answers, when it goes well and when not', ({ operation }) => {
    const statuses = Object.keys(operation.responses);
    expect(statuses.some((status) => status.startsWith('2'))).toBe(true);
    expect(operation.responses.default).toEqual({ $ref: '#/components/responses/Problem' });
    for (const status of statuses.filter((status) => status !== 'default')) {
      const response = operation.responses[status] as { description: string; content?: Json };
      expect(response.description).toBeTruthy();
      expect(response.content === undefined).toBe(status === '204');
    }
  });

  it.each(operations)('describes the body of $id if it takes one', ({ id, method, operation }) => {
    const { body } = endpointTable().find((endpoint) => endpoint.id === id) ?? {};
    expect(operation.requestBody === undefined).toBe(body === undefined);
    if (!operation.requestBody) return;
    expect(method).not.toBe('get');
    const schema = resolve(operation.requestBody.content['application/json']?.schema ?? {});
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false });
  });

  it('tells of Idempotency-Key on every POST', () => {
    for (const { id, method, operation } of operations) {
      const told = operation.parameters.some(({ name }) => name === 'Idempotency-Key');
      expect({ id, told }).toEqual({ id, told: method === 'post' });
    }
  });

  it('asks for a bearer token everywhere else', () => {
    expect(document.security).toEqual([{ bearer: [] }]);
    expect(document.components.securitySchemes).toEqual({ bearer: { type: 'http', scheme: 'bearer' } });
    for (const { operation } of operations) expect(operation).not.toHaveProperty('security');
  });

  it('is what the API serves', async () => {
    await using api = await bootApi();
    const answer = await api.get('/api/openapi.json', { token: null });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(answer.body).toEqual(JSON.parse(JSON.stringify(document)));
  });
});
