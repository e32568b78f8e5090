import { ahead } from '../../../src/backups/pieces/ahead.js';

async function* piecesOf(log: string[], ...texts: string[]) {
  try {
    for (const text of texts) {
      log.push(`made ${text}`);
      yield Buffer.from(text);
      await Promise.resolve();
    }
  } finally {
    log.push('closed');
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('the next piece is made while one is worked with, and no more than that', async () => {
  const log: string[] = [];
  for await (const piece of ahead(piecesOf(log, 'a', 'b', 'c'))) {
    await turn();
    log.push(`done ${String(piece)}`);
  }
  expect(log).toEqual(['made a', 'made b', 'done a', 'made c', 'done b', 'closed', 'done c']);
});

test('what fails the pieces is told of after those that came before', async () => {
  async function* failing() {
    yield Buffer.from('a');
    await Promise.resolve();
    throw new Error('cut');
  }
  const read: string[] = [];
  const reading = async () => {
    for await (const piece of ahead(failing())) {
      await turn();
      read.push(String(piece));
    }
  };
  await expect(reading()).rejects.toThrow('cut');
  expect(read).toEqual(['a']);
});

test('whoever gives up waits for nothing, and the source is closed', async () => {
  const log: string[] = [];
  for await (const piece of ahead(piecesOf(log, 'a', 'b', 'c'))) {
    log.push(`done ${String(piece)}`);
    break;
  }
  await turn();
  expect(log).toEqual(['made a', 'made b', 'done a', 'closed']);
});

test('a source that gives nothing more keeps nobody who gives up', async () => {
  async function* stuck() {
    yield Buffer.from('a');
    await new Promise(() => undefined);
  }
  const reading = async () => {
    for await (const piece of ahead(stuck())) throw new Error(`refused ${String(piece)}`);
  };
  await expect(reading()).rejects.toThrow('refused a');
});
