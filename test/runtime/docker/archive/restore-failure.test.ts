import { restoreFailure } from '../../../../src/runtime/docker/archive/judge-restore.js';
import { RestoreMessages } from '../../../../src/runtime/docker/archive/restore-messages.js';

const failureOf = (...messages: string[]) =>
  restoreFailure(
    messages.map((message) => ({ entry: null, message })),
    [],
  );

const DIED = 'a worker process died unexpectedly';

it('takes an archive that is cut off for what it is, although a worker dies of it', () => {
  expect(failureOf('could not read from input file: end of file', DIED)).toMatchObject({
    code: 'archive_unusable',
  });
});

it('takes an archive for broken that names a size no machine has', () => {
  const messages = new RestoreMessages(() => undefined);
  messages.add(Buffer.from(`out of memory\npg_restore: error: ${DIED}\n`));
  messages.end();
  expect(restoreFailure(messages.errors, [])).toMatchObject({
    code: 'archive_unusable',
    message: expect.stringContaining('more memory than there is') as string,
  });
});

it('takes a worker that dies of nothing for lost', () => {
  expect(failureOf(DIED)).toMatchObject({ code: 'unavailable' });
});
