import type { Endpoints } from '../domain/environment.js';
import type { Progress } from '../domain/operation.js';
import type { Pool, Resources } from '../domain/plans.js';

/** A login role of the tenant, with the SCRAM verifier that PostgreSQL and the pooler both hold. */
export interface LoginSpec {
  role: string;
  password: string;
  /** `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` */
  verifier: string;
}

/** What one database shall be. Everything a runtime needs to build it from nothing. */
export interface DatabaseSpec {
  id: string;
  org: string;
  app: string;
  name: string;
  engineVersion: number;
  volumeId: string;
  /**
   * The volume was ready once. It may be somebody's only copy: a runtime neither rebuilds it nor starts an
   * empty one in its place, but rejects with `data_missing`.
   */
  holdsData: boolean;
  resources: Resources;
  pool: Pool;
  login: LoginSpec;
}

/** What a runtime must know of a database to remove it. */
export type RemovableDatabase = Pick<DatabaseSpec, 'id' | 'volumeId' | 'engineVersion' | 'holdsData'>;

export interface ApplyOptions {
  /** Aborted when the work is no longer wanted or the daemon stops. */
  signal: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

/** What a database holds as of one instant. */
export interface DatabaseContents {
  serverVersion: string;
  extensions: { name: string; version: string; schema: string }[];
  schemas: string[];
  /**
   * Whatever has rows of its own: tables, the leaves of partitioned ones, and materialised views, which a restore
   * fills anew and which may then have others.
   */
  tables: { schema: string; name: string; rows: number; kind?: 'view' | undefined }[];
  largeObjects: number;
}

export type Compression = 'zstd' | 'gzip';

/** A dump that is complete. */
export interface Dump {
  contents: DatabaseContents;
  compression: Compression;
  /** Of the program that made it: whatever restores it must not be older. */
  dumpVersion: string;
}

/** Bytes from their beginning each time it is called: neither compressed nor encrypted as a whole. */
export type OpenBytes = () => AsyncIterable<Buffer>;

/** Bytes of which it is known how many they are. */
export interface SizedBytes {
  open: OpenBytes;
  /** How many bytes `open` gives. */
  sizeBytes: number;
}

/** A PostgreSQL elsewhere. */
export interface SourceServer {
  /** As its certificate names it. */
  host: string;
  /** What the host's name was resolved to and what is connected to, whatever it resolves to later. */
  address: string;
  port: number;
  database: string;
  user: string;
  password: string;
  /** As in libpq. */
  sslMode: 'disable' | 'prefer' | 'require' | 'verify-full';
}

/** What a database can be loaded with. */
export type LoadSource =
  /** What `dump` made: loaded with the owners and grants it has, and without a single error. */
  | ({ kind: 'dump' } & SizedBytes)
  /** An archive of pg_dump from anywhere, custom or tar. Owners and grants of elsewhere are left out. */
  | ({ kind: 'archive' } & SizedBytes)
  /** SQL for psql from anywhere, which can be hostile. */
  | ({ kind: 'script' } & SizedBytes)
  /** A PostgreSQL elsewhere, which is dumped for it. */
  | { kind: 'server'; server: SourceServer };

/** Called when data is to be loaded. What an earlier attempt has put in its place already needs none. */
export type FindSource = () => Promise<LoadSource>;

export interface LoadOptions extends ApplyOptions {
  /** The same at each attempt: what an earlier one made is taken up or cleared away. Lower-case letters and digits. */
  loadId: string;
  /** Whether what the database holds may be replaced. Otherwise anything that it holds is refused with `not_empty`. */
  replace: boolean;
  /**
   * Has the last word, before anything of the database is touched: throws when this is not what was wanted. `source` is
   * what the source held at the instant of its dump, but for what cannot be here; `null` when it could not be asked.
   */
  check: (contents: DatabaseContents, source: DatabaseContents | null) => void;
  /**
   * Called with the name that the former data will have, just before it may get it; and with `null` when it is known
   * that it has not. What rejects in between may be done all the same: only another attempt can tell.
   */
  onExchange: (previous: string | null) => void;
}

/** What was left out of a load, and why, in words. */
export interface Skipped {
  what: string;
  reason: string;
}

export interface Loaded {
  /** What it holds; `null` when an earlier attempt has put it in its place, and it cannot be counted now. */
  contents: DatabaseContents | null;
  /** What the source held at the instant of its dump; `null` when it could not be asked. */
  source: DatabaseContents | null;
  /** `null` when only an earlier attempt knew. */
  skipped: Skipped[] | null;
  /** For how long clients had to wait, in ms; `null` when only an earlier attempt knew. */
  interruptedMs: number | null;
  /** The name of the PostgreSQL database that holds the former data, for the same login. */
  previous: string;
}

/** Reads an archive to its end. One that is not whole rejects before it ends. */
export type ConsumeArchive = (archive: AsyncIterable<Buffer>) => Promise<void>;

/** A dump that is to be tried out. */
export interface Rehearsal extends SizedBytes {
  /** Names what it makes, for people. */
  backupId: string;
  engineVersion: number;
  memoryBytes: number;
}

/**
 * Where databases run. Every method is idempotent, derives what to do from what it observes, and can be
 * called again after a crash at any instant. Rejections are `RuntimeError`s, but for
 * what a caller's own functions throw, which is passed on.
 */
export interface Runtime {
  /** Resolves when the runtime can be used; rejects with what to do about it otherwise. */
  check(signal: AbortSignal): Promise<void>;

  /** Where clients find a database. Pure: the same before, during and after its life. */
  endpoints(databaseId: string): Endpoints;

  /** Makes the runtime match the spec, and resolves once a login through the pooler has worked. */
  apply(spec: DatabaseSpec, options: ApplyOptions): Promise<void>;

  /**
   * Restarts PostgreSQL and the pooler, and resolves once a login has worked again. What was started after
   * `askedAt` is left alone, so that trying again does not interrupt anybody again.
   */
  restart(spec: DatabaseSpec, options: ApplyOptions & { askedAt: Date }): Promise<void>;

  /**
   * Removes all of a database but a volume that may hold data: its spec says so, or it carries the mark of a
   * finished initialisation. What an initialisation left that never finished goes with the rest.
   */
  remove(database: RemovableDatabase, options: ApplyOptions): Promise<{ volumeKept: boolean }>;

  /** Destroys a volume for good. The only call that can lose data. */
  destroyVolume(volumeId: string, options: ApplyOptions): Promise<void>;

  /**
   * Reads all that a database holds, at one instant, into an archive for pg_restore. No faster than it is
   * consumed, and resolves once all was. When `consume` rejects, the dump is stopped and rejects with the same.
   */
  dump(spec: DatabaseSpec, consume: ConsumeArchive, options: ApplyOptions): Promise<Dump>;

  /**
   * Puts other data in place of a database's own. It is loaded beside and checked; then it takes the place of the
   * former data, which is kept, while clients wait for less than a second. Whatever fails before that leaves the
   * database as it was, and nothing else behind.
   */
  load(spec: DatabaseSpec, find: FindSource, options: LoadOptions): Promise<Loaded>;

  /** Rejects with `not_empty` when a database holds anything that a load without `replace` would refuse to replace. */
  requireEmpty(spec: DatabaseSpec, options: ApplyOptions): Promise<void>;

  /** Removes the former data that a load has kept. */
  removePrevious(spec: DatabaseSpec, loadId: string, options: ApplyOptions): Promise<void>;

  /** Restores what `dump` made into a PostgreSQL of its own, which nobody can reach and which goes at once. */
  rehearse(archive: Rehearsal, options: ApplyOptions): Promise<DatabaseContents>;

  /** Removes what loads and rehearsals have left whose process died. For the start, when none is at work. */
  sweep(signal: AbortSignal): Promise<void>;

  /** Which of these databases do not match their spec, by id, with the reason for the log. */
  findDrift(specs: readonly DatabaseSpec[], signal: AbortSignal): Promise<Map<string, string>>;

  /** Calls `onHint` whenever something may have changed, until aborted. Hints can be lost: resync anyway. */
  watch(onHint: () => void, signal: AbortSignal): Promise<void>;
}
