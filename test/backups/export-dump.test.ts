import { setImmediate } from 'node:timers/promises';
import { Exporter } from '../../src/backups/export-dump.js';
import type { Database } from '../../src/domain/records.js';
import type { DatabaseSpec, Dump } from '../../src/runtime/runtime.js';

const DATABASE = { id: 'one' } as Database;
const OTHER = { id: 'other' } as Database;
const THIRD = { id: 'third' } as Database;

/** An exporter of a dump of so many pieces, which counts how many were asked for. */
function exporterOf(count: number, idleMs = 60_000) {
  const seen = { given: 0, failure: null as unknown };
  const exporter = new Exporter({
    specOf: () => ({}) as DatabaseSpec,
    atOnce: 2,
    idleMs,
    runtime: {
      dump: async (_spec, consume, { signal }) => {
        const archive = async function* () {
          for (; seen.given < count; seen.given += 1) {
            signal.throwIfAborted();
            await Promise.resolve();
            yield Buffer.from(String(seen.given));
          }
        };
        try {
          await consume(archive());
        } catch (error) {
          seen.failure = error;
          throw error;
        }
        return {} as Dump;
      },
    },
  });
  return { exporter, seen };
}

const { signal } = new AbortController();

it('gives every piece once, in order', async () => {
  const { exporter } = exporterOf(1000);
  const pieces: string[] = [];
  for await (const piece of exporter.dump(DATABASE, signal)) pieces.push(piece.toString());
  expect(pieces).toEqual(Array.from({ length: 1000 }, (_, n) => String(n)));
});

it('is no faster than its reader', async () => {
  const { exporter, seen } = exporterOf(1000);
  const pieces = exporter.dump(DATABASE, signal);
  await pieces.next();
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  expect(seen.given).toBeLessThanOrEqual(1);
  await pieces.return();
});

it('ends the dump when its reader gives up, and lets the next one in', async () => {
  const { exporter, seen } = exporterOf(3);
  const pieces = exporter.dump(DATABASE, signal);
  await pieces.next();
  await pieces.return();
  expect(seen.failure).not.toBeNull();
  seen.given = 0;
  const next = exporter.dump(DATABASE, signal);
  expect((await next.next()).done).toBe(false);
  await next.return();
});

it('does not keep a dump for a reader that has stopped reading', async () => {
  const { exporter, seen } = exporterOf(3, 20);
  const pieces = exporter.dump(DATABASE, signal);
  await pieces.next();
  while (seen.failure === null) await setImmediate();
  await expect(pieces.next()).rejects.toThrow(/Nothing of the dump was read for 0.02 s/);
});

it('goes once for each database, and for so many at once', async () => {
  const { exporter } = exporterOf(3);
  const first = exporter.dump(DATABASE, signal);
  await first.next();
  await expect(exporter.dump(DATABASE, signal).next()).rejects.toThrow(/of this database is under way/);
  const second = exporter.dump(OTHER, signal);
  await second.next();
  await expect(exporter.dump(THIRD, signal).next()).rejects.toThrow(/2 exports are under way/);
  await first.return();
  await second.return();
});
