import { Together } from '../../../src/runtime/docker/together.js';

it('stops all for the first that fails, and says why', async () => {
  const together = new Together(new AbortController().signal);
  const stopped = new Promise((_, reject) => {
    together.signal.addEventListener('abort', () => reject(new Error('stopped')));
  });
  await expect(together.all(stopped, Promise.reject(new Error('first')))).rejects.toThrow('first');
});

it('waits for those that it has stopped', async () => {
  const together = new Together(new AbortController().signal);
  let ended = false;
  const slow = new Promise<void>((resolve) => {
    together.signal.addEventListener('abort', () => {
      setImmediate(() => {
        ended = true;
        resolve();
      });
    });
  });
  await expect(together.all(slow, Promise.reject(new Error('first')))).rejects.toThrow('first');
  expect(ended).toBe(true);
});
