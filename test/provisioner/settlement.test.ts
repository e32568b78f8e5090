import type { Operation } from '../../src/domain/operation.js';
import { settle, type AbortReason, type Outcome } from '../../src/provisioner/settlement.js';
import { EngineAbsentError } from '../../src/runtime/docker/engine/engine-error.js';
import { RuntimeError, type RuntimeErrorCode } from '../../src/runtime/runtime-error.js';

const NOW = new Date('2030-01-01T00:00:00.000Z');
const longest = () => 1;

const failure = (code: RuntimeErrorCode, abortedBy: AbortReason | null = null): Outcome => ({
  ok: false,
  error: new RuntimeError(code, `because of ${code}`),
  abortedBy,
});

const decide = (
  outcome: Outcome,
  operation: Partial<Pick<Operation, 'kind' | 'attempts' | 'deadlineAt' | 'errorMessage' | 'progress'>> = {},
) =>
  settle(
    {
      kind: 'repair',
      attempts: 1,
      deadlineAt: '2030-01-01T00:10:00.000Z',
      errorMessage: null,
      progress: null,
      ...operation,
    },
    outcome,
    NOW,
    longest,
  );

describe('an attempt', () => {
  it('that worked ends the operation', () => {
    expect(decide({ ok: true })).toEqual({ kind: 'succeeded' });
  });

  it('that worked ends the operation even past its deadline', () => {
    expect(decide({ ok: true }, { deadlineAt: '2029-12-31T00:00:00.000Z' })).toEqual({ kind: 'succeeded' });
  });

  it.each(['unavailable', 'no_space', 'start_failed', 'aborted'] as const)(
    'that failed with %s is tried again after the backoff',
    (code) => {
      expect(decide(failure(code), { attempts: 3 })).toEqual({
        kind: 'requeue',
        runAt: '2030-01-01T00:00:02.000Z',
        errorMessage: `because of ${code}`,
        attempts: 3,
      });
    },
  );

  it('of a backup is tried three times at the most', () => {
    const tried = (attempts: number) => decide(failure('unavailable'), { kind: 'backup', attempts }).kind;
    expect([1, 2, 3, 4].map(tried)).toEqual(['requeue', 'requeue', 'failed', 'failed']);
  });

  it('of a backup without a database counts, and the next waits until it is restarted', () => {
    const outcome = failure('not_running');
    expect(decide(outcome, { kind: 'backup', attempts: 2 })).toMatchObject({
      kind: 'requeue',
      runAt: '2030-01-01T00:00:21.000Z',
      attempts: 2,
    });
    expect(decide(outcome, { kind: 'backup', attempts: 3 }).kind).toBe('failed');
  });

  it('of a backup without an engine was none', () => {
    const error = new EngineAbsentError('unavailable', 'Docker does not answer', null);
    const outcome: Outcome = { ok: false, error, abortedBy: null };
    expect(decide(outcome, { kind: 'backup', attempts: 3 })).toMatchObject({
      kind: 'requeue',
      runAt: '2030-01-01T00:00:12.000Z',
      attempts: 2,
    });
  });

  // More than three: a process that died in one takes none back.
  it.each([3, 4, 9])('of a restore that is in doubt was none, the %ith neither', (attempts) => {
    expect(decide(failure('in_doubt'), { kind: 'restore', attempts })).toMatchObject({
      kind: 'requeue',
      errorMessage: 'because of in_doubt',
      attempts: attempts - 1,
    });
  });

  it('of a restore that is in doubt at its deadline tells of that', () => {
    expect(decide(failure('in_doubt', 'deadline'), { kind: 'restore' })).toEqual({
      kind: 'failed',
      errorMessage: expect.stringContaining('because of in_doubt'),
    });
  });

  it('of what is tried without an end waits for neither', () => {
    expect(decide(failure('not_running'))).toMatchObject({
      runAt: '2030-01-01T00:00:00.500Z',
      attempts: 1,
    });
  });

  it.each(['image_unusable', 'data_missing', 'data_mismatch', 'conflict'] as const)(
    'that failed with %s is not tried again: somebody has to do something first',
    (code) => {
      expect(decide(failure(code))).toEqual({ kind: 'failed', errorMessage: `because of ${code}` });
    },
  );

  it('that failed with something nobody foresaw is tried again, and its message told to nobody', () => {
    expect(decide({ ok: false, error: new TypeError('password=hunter2'), abortedBy: null })).toEqual({
      kind: 'requeue',
      runAt: '2030-01-01T00:00:00.500Z',
      errorMessage: 'an internal error; the log of the daemon has the details',
      attempts: 1,
    });
  });

  it('fails for good when the next would begin at the deadline or later', () => {
    const outcome = failure('start_failed');
    expect(decide(outcome, { deadlineAt: '2030-01-01T00:00:00.501Z' }).kind).toBe('requeue');
    expect(decide(outcome, { deadlineAt: '2030-01-01T00:00:00.500Z' })).toEqual({
      kind: 'failed',
      errorMessage: 'because of start_failed',
    });
  });

  it.each(['unavailable', 'image_unusable', 'conflict', 'data_missing'] as const)(
    'without a deadline is never given up, not even for %s',
    (code) => {
      expect(decide(failure(code), { deadlineAt: null, attempts: 1000 })).toEqual({
        kind: 'requeue',
        runAt: '2030-01-01T00:00:30.000Z',
        errorMessage: `because of ${code}`,
        attempts: 1000,
      });
    },
  );

  it('that nobody wanted any more is cancelled', () => {
    expect(decide(failure('aborted', 'cancelled'))).toEqual({ kind: 'cancelled' });
  });

  it('that the stop cut short was none: it goes back as it was, due at once', () => {
    expect(decide(failure('aborted', 'stopping'), { errorMessage: 'of the attempt before' })).toEqual({
      kind: 'requeue',
      runAt: NOW.toISOString(),
      errorMessage: 'of the attempt before',
      attempts: 0,
    });
  });

  it.each([
    ['nothing is known', null, null, 'It was not done in time. Restart the database to try again.'],
    [
      'it came somewhere',
      'Starting PostgreSQL',
      null,
      'It was not done in time. The last it did: Starting PostgreSQL. Restart the database to try again.',
    ],
    [
      'the attempt before failed',
      'Pulling the image',
      'The disk is full: make room.',
      'It was not done in time. The last it did: Pulling the image. What went wrong before: ' +
        'The disk is full: make room. Restart the database to try again.',
    ],
  ])('that the deadline cut short fails and says what to do, when %s', (_, step, before, errorMessage) => {
    const progress = step === null ? null : { step, done: 1, total: 4 };
    expect(decide(failure('aborted', 'deadline'), { progress, errorMessage: before })).toEqual({
      kind: 'failed',
      errorMessage,
    });
  });

  it('without a deadline that took too long is tried again', () => {
    expect(decide(failure('aborted', 'deadline'), { deadlineAt: null, errorMessage: null })).toMatchObject({
      kind: 'requeue',
    });
  });

  it('spreads retries by chance when nothing else is said', () => {
    const settlement = settle(
      { kind: 'repair', attempts: 1, deadlineAt: null, errorMessage: null, progress: null },
      failure('unavailable'),
      NOW,
    );
    expect(settlement).toMatchObject({
      kind: 'requeue',
      runAt: expect.stringMatching(/00\.(2[5-9]|[34]|500)/),
    });
  });
});
