import { runSteps } from '../../../src/runtime/docker/run-steps.js';
import { step, type StepKind } from '../../../src/runtime/docker/step.js';

/** Steps that end when the test says so. */
class Stage {
  readonly started: StepKind[] = [];
  readonly aborted: StepKind[] = [];
  readonly progress: string[] = [];
  private readonly endings = new Map<StepKind, { resolve: () => void; reject: (error: Error) => void }>();

  run(kinds: StepKind[], signal = new AbortController().signal): Promise<void> {
    return runSteps(kinds.map(step), (kind, inner) => this.execute(kind, inner), {
      signal,
      title: (kind) => kind,
      onProgress: ({ step: title, done, total }) => this.progress.push(`${title} ${done}/${total}`),
    });
  }

  async finish(...kinds: StepKind[]): Promise<void> {
    for (const kind of kinds) this.endings.get(kind)?.resolve();
    await settled();
  }

  async fail(kind: StepKind, error: Error): Promise<void> {
    this.endings.get(kind)?.reject(error);
    await settled();
  }

  private execute(kind: StepKind, signal: AbortSignal): Promise<void> {
    this.started.push(kind);
    signal.addEventListener('abort', () => this.aborted.push(kind));
    return new Promise((resolve, reject) => this.endings.set(kind, { resolve, reject }));
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

it('runs at once what can be, and the rest when its needs are done', async () => {
  const stage = new Stage();
  const run = stage.run(['ensure-network', 'create-postgres', 'start-postgres', 'ensure-pooler-image']);
  expect(stage.started).toEqual(['ensure-network', 'ensure-pooler-image']);
  await stage.finish('ensure-network');
  expect(stage.started.slice(2)).toEqual(['create-postgres']);
  await stage.finish('create-postgres', 'ensure-pooler-image');
  await stage.finish('start-postgres');
  await run;
  expect(stage.progress.at(-1)).toBe('start-postgres 4/4');
});

it('takes a need that is not in the plan for done', async () => {
  const stage = new Stage();
  const run = stage.run(['verify-login']);
  await stage.finish('verify-login');
  await run;
});

it('aborts the others when one fails, waits for them, and throws the first error', async () => {
  const stage = new Stage();
  const run = stage.run(['ensure-network', 'ensure-pooler-image', 'create-postgres']);
  let rejected: unknown = null;
  run.catch((error: unknown) => (rejected = error));
  await stage.fail('ensure-network', new Error('first'));
  expect(stage.aborted).toContain('ensure-pooler-image');
  expect(rejected).toBeNull();
  await stage.fail('ensure-pooler-image', new Error('second'));
  expect(rejected).toEqual(new Error('first'));
  expect(stage.started).not.toContain('create-postgres');
});

it('starts nothing more after an abort', async () => {
  const gone = new AbortController();
  const stage = new Stage();
  const run = stage.run(['ensure-network', 'create-postgres'], gone.signal);
  gone.abort(new Error('enough'));
  const rejected = expect(run).rejects.toThrow('enough');
  await stage.finish('ensure-network');
  await rejected;
  expect(stage.started).toEqual(['ensure-network']);
});

it('does nothing for nothing', () => new Stage().run([]));
