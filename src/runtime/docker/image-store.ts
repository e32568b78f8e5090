import { RuntimeError } from '../runtime-error.js';
import type { Engine } from './engine/engine.js';
import type { PullLine } from './engine/images.js';

/** Images that are on this host, or are fetched to it. */
export class ImageStore {
  private readonly pulls = new Map<string, Pull>();

  constructor(private readonly engine: Engine) {}

  /**
   * Returns the id of an image, after pulling it if it is not here. However many wait for one, it is pulled
   * once, and as long as anyone waits.
   *
   * @param onPercent how much is here of what is known to come
   */
  async ensure(
    reference: string,
    onPercent: (percent: number) => void,
    signal: AbortSignal,
  ): Promise<string> {
    const found = await this.engine.images.find(reference, signal);
    if (found !== null) return found;
    const pull = this.pulls.get(reference) ?? this.begin(reference);
    return pull.join(onPercent, signal);
  }

  private begin(reference: string): Pull {
    const pull = new Pull((onLine, signal) => this.pull(reference, onLine, signal));
    this.pulls.set(reference, pull);
    const forget = () => {
      if (this.pulls.get(reference) === pull) this.pulls.delete(reference);
    };
    pull.finished.then(forget, forget);
    return pull;
  }

  private async pull(
    reference: string,
    onLine: (line: PullLine) => void,
    signal: AbortSignal,
  ): Promise<string> {
    const failure = await this.engine.images.pull(reference, onLine, signal).catch((error: unknown) => {
      if (error instanceof RuntimeError && error.code !== 'aborted') return error;
      throw error;
    });
    const found = await this.engine.images.find(reference, signal);
    if (found !== null) return found;
    throw missing(reference, failure);
  }
}

/** One pull that many may wait for. It is aborted when nobody does any more. */
class Pull {
  readonly finished: Promise<string>;
  private readonly abort = new AbortController();
  private readonly listeners = new Set<(percent: number) => void>();
  private readonly layers = new Map<string, { current: number; total: number }>();

  constructor(start: (onLine: (line: PullLine) => void, signal: AbortSignal) => Promise<string>) {
    this.finished = start((line) => this.note(line), this.abort.signal);
  }

  async join(onPercent: (percent: number) => void, signal: AbortSignal): Promise<string> {
    this.listeners.add(onPercent);
    let stop: () => void = () => undefined;
    const aborted = new Promise<never>((_, reject) => {
      stop = () => reject(new RuntimeError('aborted', 'Stopped while an image was pulled'));
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
    });
    try {
      return await Promise.race([this.finished, aborted]);
    } finally {
      signal.removeEventListener('abort', stop);
      this.listeners.delete(onPercent);
      if (this.listeners.size === 0) this.abort.abort();
    }
  }

  private note({ id, progressDetail }: PullLine): void {
    if (id === undefined || !progressDetail?.total) return;
    this.layers.set(id, { current: progressDetail.current ?? 0, total: progressDetail.total });
    const sum = (key: 'current' | 'total') =>
      [...this.layers.values()].reduce((all, layer) => all + layer[key], 0);
    const percent = Math.floor((100 * sum('current')) / sum('total'));
    for (const listener of this.listeners) listener(percent);
  }
}

const NOT_THERE =
  /not found|manifest unknown|pull access denied|does not exist|unauthorized|no matching manifest/i;

function missing(reference: string, failure: RuntimeError | string | null): RuntimeError {
  const reason = failure instanceof RuntimeError ? failure.message : (failure ?? 'the pull broke off');
  const cause = failure instanceof RuntimeError ? { cause: failure } : undefined;
  if (failure instanceof RuntimeError && failure.code === 'no_space') return failure;
  if (NOT_THERE.test(reason)) {
    const message = `There is no image ${reference}, neither on this host nor in its registry: is its name right? (${reason})`;
    return new RuntimeError('image_unusable', message, cause);
  }
  const message = `Image ${reference} is not on this host, and pulling it failed: ${reason}`;
  return new RuntimeError('unavailable', message, cause);
}
