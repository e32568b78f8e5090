import { restoreFailure } from '../../../../src/runtime/docker/load/judge-restore.js';

const failureOf = (...messages: string[]) =>
  restoreFailure(
    messages.map((message) => ({ entry: null, message })),
    messages.length,
    [],
  );

const DIED = 'a worker process died unexpectedly';

it('takes an archive that is cut off for what it is, although a worker dies of it', () => {
  expect(failureOf('could not read from input file: end of file', DIED)).toMatchObject({
    code: 'archive_unusable',
  });
});

it('takes a worker that dies of nothing for lost', () => {
  expect(failureOf(DIED)).toMatchObject({ code: 'unavailable' });
});
