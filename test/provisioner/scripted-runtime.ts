import { Readable } from 'node:stream';
import type { Endpoints } from '../../src/domain/environment.js';
import type {
  ApplyOptions,
  ConsumeArchive,
  DatabaseContents,
  DatabaseSpec,
  Dump,
  FindSource,
  Loaded,
  LoadOptions,
  LoadSource,
  OpenBytes,
  Rehearsal,
  RemovableDatabase,
  Runtime,
  Skipped,
  SourceServer,
} from '../../src/runtime/runtime.js';
import { RuntimeError, type RuntimeErrorCode } from '../../src/runtime/runtime-error.js';

export type Verb =
  | 'apply'
  | 'restart'
  | 'remove'
  | 'destroyVolume'
  | 'dump'
  | 'load'
  | 'requireEmpty'
  | 'removePrevious'
  | 'rehearse';

export interface Call {
  verb: Verb;
  /** Of the database; of the volume for `destroyVolume`. */
  id: string;
  options: ApplyOptions & { askedAt?: Date };
}

/** What one call does: resolve, reject, or wait. */
export type Step = (call: Call) => Promise<void>;

/** A runtime in memory. Calls succeed at once, unless a script says what the next ones of a verb do. */
export class ScriptedRuntime implements Runtime {
  /** What runs, by the id of the database, and the volumes that exist. */
  readonly running = new Map<string, DatabaseSpec>();
  readonly volumes = new Set<string>();
  readonly calls: Call[] = [];
  /** What the next comparisons find, or why they cannot be made. */
  drift: Record<string, string> | Error = {};
  readonly comparisons: { specs: readonly DatabaseSpec[]; signal: AbortSignal }[] = [];
  compare: () => Promise<void> = () => Promise.resolve();
  hint: () => void = () => undefined;
  watching: Promise<void> = Promise.resolve();
  private readonly steps: Record<Verb, Step[]> = {
    apply: [],
    restart: [],
    remove: [],
    destroyVolume: [],
    dump: [],
    load: [],
    requireEmpty: [],
    removePrevious: [],
    rehearse: [],
  };

  script(verb: Verb, ...steps: Step[]): void {
    this.steps[verb].push(...steps);
  }

  /** Forgets the rest of a script: calls succeed again. */
  recover(verb: Verb): void {
    this.steps[verb].length = 0;
  }

  /** The calls so far, as `verb id`. */
  get history(): string[] {
    return this.calls.map(({ verb, id }) => `${verb} ${id}`);
  }

  async check(): Promise<void> {
    // It is always there.
  }

  endpoints(databaseId: string): Endpoints {
    return {
      host: `paas-pgbouncer-${databaseId}`,
      port: 6432,
      directHost: `paas-db-${databaseId}`,
      directPort: 5432,
    };
  }

  async apply(spec: DatabaseSpec, options: ApplyOptions): Promise<void> {
    await this.call({ verb: 'apply', id: spec.id, options });
    this.volumes.add(spec.volumeId);
    this.running.set(spec.id, spec);
  }

  async restart(spec: DatabaseSpec, options: ApplyOptions & { askedAt: Date }): Promise<void> {
    await this.call({ verb: 'restart', id: spec.id, options });
  }

  async remove(
    { id, volumeId, holdsData }: RemovableDatabase,
    options: ApplyOptions,
  ): Promise<{ volumeKept: boolean }> {
    await this.call({ verb: 'remove', id, options });
    // What runs was initialised.
    const volumeKept = this.running.delete(id) || holdsData;
    if (!volumeKept) this.volumes.delete(volumeId);
    return { volumeKept };
  }

  async destroyVolume(volumeId: string, options: ApplyOptions): Promise<void> {
    await this.call({ verb: 'destroyVolume', id: volumeId, options });
    this.volumes.delete(volumeId);
  }

  /** What a dump of anything is. */
  archive = [Buffer.from('PGDMP'), Buffer.from(' and all that is in it')];

  async dump(spec: DatabaseSpec, consume: ConsumeArchive, options: ApplyOptions): Promise<Dump> {
    await this.call({ verb: 'dump', id: spec.id, options });
    const { archive } = this;
    await consume(Readable.from(archive));
    return { contents: this.contents, compression: 'zstd', dumpVersion: '17.5' };
  }

  /** What every database holds. */
  contents: DatabaseContents = {
    serverVersion: '17.5',
    extensions: [],
    schemas: ['public'],
    tables: [],
    largeObjects: 0,
  };
  /** What was loaded and rehearsed so far: all bytes that were given for it, or the server. */
  readonly loads: { id: string; kind: LoadSource['kind'] | 'rehearsal'; given: Buffer | SourceServer }[] = [];
  /** What the next loads leave out. */
  skipped: Skipped[] = [];
  /** Whether an earlier attempt of the next load was done, as far as it is known. */
  isInPlace = false;
  /** Whether a server that is loaded from lets itself be counted. */
  letsCount = true;
  /** What it holds then; the same as is loaded when left out. */
  sourceContents: DatabaseContents | null = null;

  async load(spec: DatabaseSpec, find: FindSource, options: LoadOptions): Promise<Loaded> {
    await this.call({ verb: 'load', id: spec.id, options });
    const previous = `paasdb_previous_${options.loadId}`;
    if (this.isInPlace) return { contents: null, source: null, skipped: null, interruptedMs: null, previous };
    const source = await find();
    const given = source.kind === 'server' ? source.server : await readAll(source.open);
    const isCounted = source.kind === 'server' && this.letsCount;
    const from = isCounted ? (this.sourceContents ?? this.contents) : null;
    options.check(this.contents, from);
    this.loads.push({ id: spec.id, kind: source.kind, given });
    return {
      contents: this.contents,
      source: from,
      skipped: this.skipped,
      interruptedMs: 12,
      previous,
    };
  }

  async requireEmpty(spec: DatabaseSpec, options: ApplyOptions): Promise<void> {
    await this.call({ verb: 'requireEmpty', id: spec.id, options });
  }

  async removePrevious(spec: DatabaseSpec, _loadId: string, options: ApplyOptions): Promise<void> {
    await this.call({ verb: 'removePrevious', id: spec.id, options });
  }

  async rehearse({ backupId, open }: Rehearsal, options: ApplyOptions): Promise<DatabaseContents> {
    await this.call({ verb: 'rehearse', id: backupId, options });
    this.loads.push({ id: backupId, kind: 'rehearsal', given: await readAll(open) });
    return this.contents;
  }

  async sweep(): Promise<void> {
    // It leaves nothing behind.
  }

  async findDrift(specs: readonly DatabaseSpec[], signal: AbortSignal): Promise<Map<string, string>> {
    this.comparisons.push({ specs, signal });
    await this.compare();
    if (this.drift instanceof Error) throw this.drift;
    return new Map(Object.entries(this.drift));
  }

  watch(onHint: () => void): Promise<void> {
    this.hint = onHint;
    return this.watching;
  }

  private async call(call: Call): Promise<void> {
    this.calls.push(call);
    await this.steps[call.verb].shift()?.(call);
  }
}

async function readAll(open: OpenBytes): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of open()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A step that fails. */
export function fails(code: RuntimeErrorCode, message = `it failed with ${code}`): Step {
  return () => Promise.reject(new RuntimeError(code, message));
}

/** A step that goes on until it is released, or aborted as a runtime that heeds its signal. */
export function held(): { step: Step; release: () => void; started: () => boolean; reason: () => unknown } {
  let release: () => void = () => undefined;
  let signal: AbortSignal | undefined;
  const step: Step = ({ options }) => {
    signal = options.signal;
    return new Promise((resolve, reject) => {
      release = resolve;
      options.signal.addEventListener('abort', () => reject(new RuntimeError('aborted', 'it was aborted')));
    });
  };
  return {
    step,
    release: () => release(),
    started: () => signal !== undefined,
    reason: () => signal?.reason as unknown,
  };
}
