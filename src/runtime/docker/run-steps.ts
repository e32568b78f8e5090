import type { Progress } from '../../domain/operation.js';
import type { Step, StepKind } from './step.js';

/**
 * Runs steps, each as soon as what it needs is done and so as many at once as can be. When one fails the
 * others are aborted and waited for, and then its error is thrown.
 *
 * @param title a step's name for people
 */
export async function runSteps(
  steps: readonly Step[],
  execute: (kind: StepKind, signal: AbortSignal) => Promise<void>,
  {
    signal,
    title,
    onProgress,
  }: {
    signal: AbortSignal;
    title: (kind: StepKind) => string;
    onProgress: (progress: Progress) => void;
  },
): Promise<void> {
  const failure = new AbortController();
  const either = AbortSignal.any([signal, failure.signal]);
  const kinds = new Set(steps.map(({ kind }) => kind));
  const done = new Set<StepKind>();
  const running = new Map<StepKind, Promise<void>>();
  const errors: unknown[] = [];

  const report = (kind: StepKind) => onProgress({ step: title(kind), done: done.size, total: steps.length });
  const isReady = ({ kind, needs }: Step) =>
    !done.has(kind) && !running.has(kind) && needs.every((need) => !kinds.has(need) || done.has(need));

  const start = ({ kind }: Step) => {
    report(kind);
    const work = execute(kind, either)
      .then(() => {
        done.add(kind);
        report(kind);
      })
      .catch((error: unknown) => {
        errors.push(error);
        failure.abort(error);
      })
      .finally(() => running.delete(kind));
    running.set(kind, work);
  };

  while (done.size < steps.length) {
    if (!either.aborted) steps.filter(isReady).forEach(start);
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  if (errors.length > 0) throw errors[0];
  signal.throwIfAborted();
  if (done.size < steps.length) throw new Error('Steps that need each other');
}
