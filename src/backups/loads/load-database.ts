import { ActionableError } from '../../domain/actionable-error.js';
import type { Work } from '../../domain/operation-handler.js';
import type { Database } from '../../domain/records.js';
import type {
  DatabaseSpec,
  FindSource,
  Loaded,
  LoadOptions,
  LoadSource,
  OpenBytes,
  Runtime,
} from '../../runtime/runtime.js';
import { RuntimeError } from '../../runtime/runtime-error.js';
import { forgetPrevious, getLoad, recordPrevious, type Load } from '../../store/loads.js';
import { recordResult } from '../../store/operations.js';
import type { Store } from '../../store/store.js';
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
  find: FindSource;
  /** As in `LoadOptions`. */
  check: LoadOptions['check'];
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
  { load, find, check, resultOf = () => ({}) }: LoadRequest,
): Promise<void> {
  const { id } = operation;
  // Also where it was empty: it was when the load began, and somebody may have written to it until its end.
  const keep = (name: string) => recordPrevious(store, id, { name, keptForMs: previousKeptForMs });
  const failure = new FirstFailure();
  await orInDoubt(store, id, async () => {
    const loaded = await failure.instead(() =>
      runtime.load(specOf(database), failure.ofFinding(find), {
        loadId: id,
        replace: load.replaces,
        check: failure.ofCalling(check),
        onExchange: (previous) => (previous === null ? forgetPrevious(store, id) : keep(previous)),
        signal,
        onProgress,
      }),
    );
    // An attempt that came to tell, and no further, has told more.
    if (loaded.skipped === null && operation.result !== null) return;
    store.transaction(() => {
      const previous = { database: loaded.previous, keptUntil: keep(loaded.previous) };
      recordResult(store, id, { ...loadResult(loaded, previous), ...resultOf(loaded) });
    });
  });
}

/** As long as the data may be in its place, nothing that goes wrong is the end of it. */
async function orInDoubt(store: Store, operationId: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { previousName } = getLoad(store, operationId);
    if (previousName === null) throw error;
    // What was not foreseen is for the log.
    const why = error instanceof ActionableError ? `: ${error.message}` : '';
    const message = `The new data may be in its place already, and the database ${previousName} hold the former data. That could not be asked or written down${why}`;
    throw new RuntimeError('in_doubt', message, { cause: error });
  }
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

  ofFinding(find: FindSource): FindSource {
    return async () => {
      try {
        return this.ofReading(await find());
      } catch (error) {
        throw this.keep(error);
      }
    };
  }

  ofCalling<A extends unknown[]>(call: (...given: A) => void): (...given: A) => void {
    return (...given) => {
      try {
        call(...given);
      } catch (error) {
        throw this.keep(error);
      }
    };
  }

  private ofReading(source: LoadSource): LoadSource {
    return source.kind === 'server' ? source : { ...source, open: () => this.watched(source.open) };
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
