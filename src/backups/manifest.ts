import { z } from 'zod';
import { ActionableError } from '../domain/actionable-error.js';
import { BACKUP_KINDS } from '../domain/backup.js';
import { ID_PATTERN, NAME_PATTERN } from '../domain/names.js';

const FORMAT = 'paasdb-backup';
const VERSION = 1;

const count = z.int().nonnegative();
const name = z.string().regex(NAME_PATTERN, 'is no name');
const id = z.string().regex(ID_PATTERN, 'is no id');
const version = z.string().min(1);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'is no SHA-256 in hex');

/** What a dump holds, counted while it was made. */
const contentsSchema = z.object({
  extensions: z.array(z.object({ name: z.string(), version: z.string(), schema: z.string() })),
  schemas: z.array(z.string()),
  tables: z.array(
    z.object({
      schema: z.string(),
      name: z.string(),
      rows: count,
      /** A materialised view. */
      kind: z.literal('view').optional(),
    }),
  ),
  largeObjects: count,
});

/** The file or object that the dump is in, which may be encrypted. */
const fileSchema = z.object({
  sizeBytes: z.int().positive(),
  sha256,
  /** `recipient` is the public key of the identity that decrypts it. `null`: the dump as it is. */
  encryption: z
    .object({
      format: z.literal('age'),
      recipient: z.string().regex(/^age1[0-9a-z]{58}$/, 'is no recipient of age'),
    })
    .nullable(),
});

/**
 * The document beside each dump: all that one needs to restore it where there is neither a daemon nor a control
 * database. Fields that a later version adds are dropped when this one reads it; one that gives a field another
 * meaning counts `version` up.
 */
const manifestSchema = z.object({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  backupId: id,
  kind: z.enum(BACKUP_KINDS),
  org: name,
  app: name,
  databaseName: name,
  databaseId: id,
  /** The major version of PostgreSQL. */
  engineVersion: z.int().positive(),
  serverVersion: version,
  pgDumpVersion: version,
  /** As pg_dump was told. */
  compression: z.string().min(1),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  /** Of the dump as pg_dump wrote it. */
  sizeBytes: z.int().positive(),
  sha256,
  file: fileSchema,
  contents: contentsSchema,
});

export type BackupContents = z.infer<typeof contentsSchema>;
export type StoredFile = z.infer<typeof fileSchema>;
type Document = z.infer<typeof manifestSchema>;
export type Manifest = Omit<Document, 'format' | 'version'>;

/** The manifest of a backup cannot be used; the message says which file and what is wrong with it. */
export class ManifestError extends ActionableError {
  override readonly name = 'ManifestError';
  readonly retryable = false;

  constructor(file: string, fault: string, advice = 'use another backup, and check what it is stored on') {
    super(`${file} ${fault}: ${advice}`);
  }
}

/** Throws when the manifest is one that could not be read back. */
export function formatManifest(manifest: Manifest): string {
  const document = manifestSchema.parse({ ...manifest, format: FORMAT, version: VERSION });
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Reads the text of a manifest; `file` is where it came from, for the message. */
export function parseManifest(text: string, file: string): Manifest {
  const content = parseJson(text, file);
  checkFormat(content, file);
  const result = manifestSchema.safeParse(content);
  if (!result.success) throw new ManifestError(file, `is damaged (${faultsOf(result.error)})`);
  const { format, version, ...manifest } = result.data;
  if (!isOfItsFile(manifest)) {
    throw new ManifestError(file, 'is damaged (its file is neither the dump nor encrypted)');
  }
  return manifest;
}

/**
 * What is read is checked against the file, and what is catalogued is the dump: where nothing is encrypted they are one,
 * or a file that nobody stored would pass for it.
 */
function isOfItsFile({ sizeBytes, sha256, file }: Manifest): boolean {
  return file.encryption !== null || (file.sizeBytes === sizeBytes && file.sha256 === sha256);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What the parser says quotes the text, which may be anything.
    throw new ManifestError(file, 'is damaged (it is not JSON, or only a part of it)');
  }
}

/** Before all other fields: a newer version may have changed any of them. */
function checkFormat(content: unknown, file: string): void {
  const head = z.object({ format: z.literal(FORMAT), version: z.int().positive() }).safeParse(content);
  if (!head.success) throw new ManifestError(file, 'is not the manifest of a backup');
  if (head.data.version > VERSION) {
    throw new ManifestError(
      file,
      `has format ${head.data.version}, this version of paasdb reads ${VERSION}`,
      'use the newer one that wrote it',
    );
  }
}

function faultsOf(error: z.ZodError): string {
  const SHOWN = 3;
  const faults = error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
  const more = faults.length > SHOWN ? `; and ${faults.length - SHOWN} more` : '';
  return faults.slice(0, SHOWN).join('; ') + more;
}
