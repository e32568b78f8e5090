import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Incoming } from '../../../src/backups/loads/incoming.js';
import { sha256 } from '../../../src/secrets/digest.js';
import { temporaryFolder } from '../../temporary-folder.js';
import { contentOf } from '../sample-backup.js';

const ID = '1d00000000000000';
const OTHER = '2d00000000000000';

function uploads() {
  const folder = temporaryFolder();
  const wanted = new Set<string>();
  const make = () => new Incoming(folder.path, (id) => wanted.has(id));
  return {
    incoming: make(),
    /** As the next process makes it. */
    again: make,
    wanted,
    root: folder.path,
    path: (name: string) => join(folder.path, 'incoming', name),
    files: () => readdirSync(join(folder.path, 'incoming')).sort(),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

async function* pieces(...texts: string[]): AsyncGenerator<Buffer> {
  await Promise.resolve();
  for (const text of texts) yield Buffer.from(text);
}

async function* broken(): AsyncGenerator<Buffer> {
  yield* pieces('half of ');
  throw new Error('the client has gone');
}

it('keeps what comes, and knows its size and its SHA-256', async () => {
  using test = uploads();
  const written = await test.incoming.receive(ID, pieces('a du', 'mp'));
  expect(written).toEqual({ sizeBytes: 6, sha256: sha256('a dump').toString('hex') });
  expect(test.files()).toEqual([ID]);
  expect((await contentOf(test.incoming.read(ID))).toString()).toBe('a dump');
  expect((await contentOf(test.incoming.read(ID))).toString()).toBe('a dump');
});

it('stays when there is an operation for it, and goes when there is none', async () => {
  using test = uploads();
  await test.incoming.receive(ID, pieces('a'));
  await test.incoming.receive(OTHER, pieces('b'));
  test.wanted.add(ID);
  test.incoming.release(ID);
  test.incoming.release(OTHER);
  expect(test.files()).toEqual([ID]);
});

it('of a client that went away leaves nothing', async () => {
  using test = uploads();
  await expect(test.incoming.receive(ID, broken())).rejects.toThrow('the client has gone');
  expect(test.files()).toEqual([]);
});

it('that comes is not swept, whole or not', async () => {
  using test = uploads();
  let seen: string[] = [];
  const watched = async function* () {
    yield* pieces('a');
    await test.incoming.sweep();
    seen = test.files();
  };
  await test.incoming.receive(ID, watched());
  expect(seen).toEqual([`.${ID}.unfinished`]);
  expect(await test.incoming.sweep()).toEqual([]);
  expect(test.files()).toEqual([ID]);
});

it('of a process that died is swept by the next one, unless its operation waits for it', async () => {
  using test = uploads();
  await test.incoming.receive(ID, pieces('a'));
  await test.incoming.receive(OTHER, pieces('b'));
  writeFileSync(test.path(`.${ID}.unfinished`), 'half');
  writeFileSync(test.path('.3d00000000000000.unfinished'), 'half');
  test.wanted.add(OTHER);
  const removed = await test.again().sweep();
  expect(removed.sort()).toEqual(
    [`.${ID}.unfinished`, '.3d00000000000000.unfinished', ID].map(test.path).sort(),
  );
  expect(test.files()).toEqual([OTHER]);
});

it('sweeps nothing that is not ours', async () => {
  using test = uploads();
  expect(await test.incoming.sweep()).toEqual([]);
  mkdirSync(test.path('.'), { recursive: true });
  writeFileSync(test.path('notes.txt'), '');
  expect(await test.incoming.sweep()).toEqual([]);
  expect(test.files()).toEqual(['notes.txt']);
});

it('never makes the folder of backups, and follows no link out of it', async () => {
  using test = uploads();
  const elsewhere = join(test.root, 'elsewhere');
  mkdirSync(elsewhere);
  symlinkSync(elsewhere, join(test.root, 'incoming'));
  await expect(test.incoming.receive(ID, pieces('a'))).rejects.toThrow(/a link, which is not followed/);
  expect(readdirSync(elsewhere)).toEqual([]);
  rmSync(test.root, { recursive: true });
  await expect(test.incoming.receive(ID, pieces('a'))).rejects.toMatchObject({ code: 'missing' });
});

it('takes no name that leads elsewhere', async () => {
  using test = uploads();
  await expect(test.incoming.receive('../databases', pieces('a'))).rejects.toThrow(TypeError);
});
