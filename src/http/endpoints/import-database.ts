import { z } from 'zod';
import type { Operation } from '../../domain/operation.js';
import type { Database } from '../../domain/records.js';
import { parseSourceUrl, SourceUrlError } from '../../domain/source-url.js';
import { insertLoad } from '../../store/loads.js';
import { enqueueOperation } from '../../store/operations.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint, type Reply } from '../endpoint.js';
import { operationLocation } from '../operation-location.js';
import { Problem } from '../problem.js';
import { requireReady } from '../require-ready.js';
import { operationResource, operationSchema } from '../schemas/operation.js';

const MAX_URL = 4096;

const querySchema = z.strictObject({
  clean: z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true')
    .meta({
      description:
        'Whether what the database holds is replaced. Without it the database has to be empty. What was replaced is kept for a while.',
    }),
});

const bodySchema = z
  .strictObject({
    sourceUrl: z.string().max(MAX_URL).optional().meta({
      description:
        'postgresql://user:password@host:port/database of a server to dump, with sslmode if need be.',
    }),
    clean: z.boolean().optional().meta({ description: 'As in the query.' }),
  })
  .meta({ id: 'NewImport' });

type Deps = Pick<
  ApiDeps,
  'store' | 'receiveUpload' | 'refusalOfSource' | 'refusalOfTarget' | 'backupRetentionMs'
>;

export const importDatabaseEndpoint = (deps: Deps) => {
  const { store, receiveUpload, refusalOfSource, refusalOfTarget, backupRetentionMs } = deps;
  /** Before it takes long. What is done again may find what it has imported itself. */
  const requireImportable = async (
    database: Database,
    request: { clean: boolean; mayRepeat: () => boolean },
  ) => {
    requireReady(database, 'imported into');
    if (request.clean || request.mayRepeat()) return;
    const refusal = await refusalOfTarget(database);
    if (refusal !== null) throw new Problem('database_not_empty', refusal);
  };
  return endpoint({
    id: 'importDatabase',
    method: 'post',
    scope: 'database',
    path: '/import',
    role: 'member',
    summary: 'Import a dump, or what a PostgreSQL elsewhere holds',
    description:
      'It is loaded beside and takes the place of what is there at the end, in less than a second; an import that fails changes nothing. Without clean a database that is not empty is refused, before a dump is read if possible. Owners and grants of elsewhere are left out. What came of it, and what was left out, is the result of the operation. Under an Idempotency-Key an upload is told by its SHA-256, and a sourceUrl by all but its password.',
    query: querySchema,
    body: bodySchema,
    upload: {
      description:
        'A dump of pg_dump as it is (`curl -T file` or `--data-binary @file`): custom format, tar or plain SQL, each gzipped or not, told by its bytes. Or JSON that names a server.',
      receive: async ({ scope: { database }, query: { clean }, mayRepeat }, chunks) => {
        await requireImportable(database, { clean, mayRepeat });
        const received = await receiveUpload(database, chunks);
        if (!('refused' in received)) return received;
        throw new Problem('unusable_dump', `this is no dump that can be imported: ${received.refused}`);
      },
    },
    prepare: async ({
      scope: { database },
      query,
      body: { sourceUrl, clean = false },
      upload,
      mayRepeat,
    }) => {
      if (upload) return;
      if (sourceUrl === undefined) {
        throw new Problem(
          'invalid_request',
          'the body is empty: send a dump, or {"sourceUrl": "postgresql://…"} as JSON',
        );
      }
      const refusal = await refusalOfSource(sourceUrl);
      if (refusal !== null) {
        throw new Problem('source_not_usable', refusal, {
          errors: [{ in: 'body', path: 'sourceUrl', detail: refusal }],
        });
      }
      await requireImportable(database, { clean: query.clean || clean, mayRepeat });
    },
    identityOf: ({ sourceUrl, ...body }) => ({ ...body, source: withoutPassword(sourceUrl) }),
    responses: {
      200: { description: 'It is imported (Prefer: wait).', body: operationSchema },
      202: { description: 'The operation that does it; or that failed, and why.', body: operationSchema },
    },
    handle: ({ scope: { app, database }, query, body, upload, audit }) => {
      requireReady(database, 'imported into');
      const clean = query.clean || body.clean === true;
      const operation = enqueueOperation(store, {
        ...(upload && { id: upload.id }),
        databaseId: database.id,
        kind: 'import',
      });
      insertLoad(store, {
        operationId: operation.id,
        databaseId: database.id,
        replaces: clean,
        sourceUrl: body.sourceUrl ?? null,
        previousKeptForMs: backupRetentionMs,
      });
      const from = upload ? { sizeBytes: upload.sizeBytes, sha256: upload.sha256 } : 'server';
      audit('database.import', `${app.slug}/${database.name}`, {
        databaseId: database.id,
        operationId: operation.id,
        clean,
        from,
      });
      const Location = operationLocation(database, operation);
      return { status: 202, headers: { Location }, body: operationResource(operation), awaits: operation.id };
    },
    settled: (_request, operation: Operation): Reply => ({
      status: operation.status === 'succeeded' ? 200 : 202,
      body: operationResource(operation),
    }),
  });
};

function withoutPassword(sourceUrl: string | undefined): unknown {
  try {
    const { password, ...source } = parseSourceUrl(sourceUrl ?? '');
    return source;
  } catch (error) {
    // It is refused later, or there is none.
    if (error instanceof SourceUrlError) return null;
    throw error;
  }
}
