import type { Work } from '../domain/operation-handler.js';
import type { Database } from '../domain/records.js';
import type {
  DatabaseContents,
  DatabaseSpec,
  Loaded,
  LoadSource,
  OpenBytes,
  Runtime,
} from '../runtime/runtime.js';
import { recordPrevious, type Load } from '../store/loads.js';
import { recordResult } from '../store/operations.js';
import type { Store } from '../store/store.js';
import { loadResult } from './load-result.js';

export interface LoadDeps {
  store: Store;
  runtime: Pick<Runtime, 'load'>;
  specOf: (database: Database) => DatabaseSpec;
  /** How long the data that was replaced is kept, in ms. */
  previousKeptForMs: number;
}

export interface LoadRequest {
  load: Load;
  source: LoadSource;
  /** Throws when what was loaded is not what was wanted. Nothing of the database was touched then. */
  check: (contents: DatabaseContents) => void;
  /** More to tell of what came of it. */
  resultOf?: (loaded: Loaded) => Record<string, unknown>;
}

/**
 * Has other data take the place of a database's, and writes down what came of it. A daemon that dies between the two
 * finds it loaded when it tries again, and writes it down then.
 */
export async function loadDatabase(
  { store, runtime, specOf, previousKeptForMs }: LoadDeps,
  { operation, database, signal, onProgress }: Work,
  { load, source, check, resultOf = () => ({}) }: LoadRequest,
): Promise<void> {
  const failure = new FirstFailure();
  const loaded = await failure.instead(() =>
    runtime.load(specOf(database), failure.ofReading(source), {
      loadId: operation.id,
      replace: load.replaces,
      check: failure.ofCalling(check),
      signal,
      onProgress,
    }),
  );
  store.transaction(() => {
    // Also where it was empty: it was when the load began, and somebody may have written to it until its end.
    const { previous: name } = loaded;
    const keptUntil = recordPrevious(store, operation.id, { name, keptForMs: previousKeptForMs });
    const previous = { database: name, keptUntil };
    recordResult(store, operation.id, { ...loadResult(loaded, previous), ...resultOf(loaded) });
  });
}

/** Why the data could not be read, or was not right, says more than that the runtime could do nothing with it. */
class FirstFailure {
  private first: { error: unknown } | null = null;

  async instead<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.first ? this.first.error : error;
    }
  }

  ofReading(source: LoadSource): LoadSource {
    return source.kind === 'server' ? source : { ...source, open: () => this.watched(source.open) };
  }

  ofCalling<A>(call: (argument: A) => void): (argument: A) => void {
    return (argument) => {
      try {
        call(argument);
      } catch (error) {
        throw this.keep(error);
      }
    };
  }

  private async *watched(open: OpenBytes): AsyncGenerator<Buffer, void, void> {
    try {
      yield* open();
    } catch (error) {
      throw this.keep(error);
    }
  }

  private keep(error: unknown): unknown {
    this.first ??= { error };
    return error;
  }
}
