import { BucketStore } from '../../../src/backups/bucket/bucket-store.js';
import { partBytesFor } from '../../../src/backups/bucket/upload-pieces.js';
import { contentOf } from '../sample-backup.js';
import { startS3, type S3Server } from '../s3-server.js';

const MIB = 1024 ** 2;
const PIECE_BYTES = 64 * 1024;
const KEY = 'databases/acme/some.dump';

const TIMEOUTS = { connectMs: 5000, idleMs: 10_000 };
const IMPATIENT = { connectMs: 1000, idleMs: 1000 };
const { signal } = new AbortController();

let s3: S3Server;
let store: BucketStore;
beforeEach(async () => {
  s3 = await startS3();
  store = new BucketStore(s3.bucket, TIMEOUTS);
});
afterEach(async () => {
  store.close();
  await s3[Symbol.asyncDispose]();
});

async function* bytes(sizeBytes: number, { failAt = Infinity, error = new Error('the disk is gone') } = {}) {
  await Promise.resolve();
  for (let at = 0; at < sizeBytes; at += PIECE_BYTES) {
    if (at >= failAt) throw error;
    // No two are the same, so that one in another's place is noticed.
    yield Buffer.alloc(Math.min(PIECE_BYTES, sizeBytes - at), `paas at ${at} `);
  }
}

const upload = (sizeBytes: number, more: { signal?: AbortSignal } = {}) =>
  store.upload(KEY, bytes(sizeBytes), { sizeBytes, signal, ...more });

const read = async (): Promise<Buffer> => {
  const found = await store.find(KEY, signal);
  if (!found) throw new Error('there is no such object');
  return contentOf(found);
};

describe('an object', () => {
  it.each([0, 1, 100_000, 5 * MIB, 8 * MIB, 10 * MIB, 20 * MIB + 1])(
    'of %i bytes is read as it was uploaded',
    async (size) => {
      await upload(size);
      expect(await store.sizeOf(KEY, signal)).toBe(size);
      expect((await read()).equals(await contentOf(bytes(size)))).toBe(true);
      expect([await s3.keys(), s3.unfinished()]).toEqual([[KEY], 0]);
      // The server can tell by the signature whether what came is what was sent.
      const puts = s3.requests.filter(({ method }) => method === 'PUT');
      expect(puts.length).toBe(Math.max(1, Math.ceil(size / (5 * MIB))));
      for (const { headers } of puts) expect(headers['x-amz-content-sha256']).toMatch(/^[0-9a-f]{64}$/);
    },
  );

  it('goes to Amazon when no other address is given, whatever the environment says', async () => {
    process.env.AWS_ENDPOINT_URL_S3 = s3.bucket.endpoint ?? '';
    try {
      store = new BucketStore({ ...s3.bucket, endpoint: null, region: 'nowhere-1' }, TIMEOUTS);
      await expect(store.sizeOf(KEY, signal)).rejects.toMatchObject({ code: 'bucket_unavailable' });
      expect(s3.requests).toEqual([]);
    } finally {
      delete process.env.AWS_ENDPOINT_URL_S3;
    }
  });

  it('that is not there is none, and removing it is fine', async () => {
    expect(await store.sizeOf(KEY, signal)).toBeNull();
    expect(await store.find(KEY, signal)).toBeNull();
    expect(await store.getText(KEY, 10, signal)).toBeNull();
    await store.remove(KEY, signal);
  });

  it('is written below the prefix, and removed alone', async () => {
    await store.putText('a.json', '{}', signal);
    const other = new BucketStore({ ...s3.bucket, prefix: 'paas/one' }, TIMEOUTS);
    await other.putText('a.json', '{"other": true}', signal);
    await other.putText('a.json.more', '{}', signal);
    expect(await other.getText('a.json', 100, signal)).toBe('{"other": true}');
    await other.remove('a.json', signal);
    expect(await s3.keys()).toEqual(['a.json', 'paas/one/a.json.more']);
    expect([store.location, other.location]).toEqual([
      `${String(s3.bucket.endpoint)}/copies`,
      `${String(s3.bucket.endpoint)}/copies/paas/one`,
    ]);
    other.close();
  });

  it('of text that is too long is not read', async () => {
    await store.putText(KEY, 'x'.repeat(11), signal);
    await expect(store.getText(KEY, 10, signal)).rejects.toThrow(/more than 10 bytes/);
  });
});

describe('an upload', () => {
  it.each([0, 20 * MIB])(
    'whose source fails after %i bytes fails with the same, and leaves nothing',
    async (failAt) => {
      const error = new Error('the disk is gone');
      const uploading = store.upload(KEY, bytes(30 * MIB, { failAt, error }), {
        sizeBytes: 30 * MIB,
        signal,
      });
      await expect(uploading).rejects.toBe(error);
      expect([await s3.keys(), s3.unfinished()]).toEqual([[], 0]);
    },
  );

  it('that fails reads its source no further', async () => {
    s3.fault = ({ path }) => (path.includes('partNumber=2') ? { status: 403 } : null);
    let read = 0;
    let ended = false;
    async function* source() {
      try {
        for await (const piece of bytes(30 * MIB)) {
          read += piece.length;
          yield piece;
        }
      } finally {
        ended = true;
      }
    }
    const uploading = store.upload(KEY, source(), { sizeBytes: 30 * MIB, signal });
    await expect(uploading).rejects.toMatchObject({ code: 'bucket_denied' });
    expect([read, ended]).toEqual([10 * MIB + PIECE_BYTES, true]);
    expect([await s3.keys(), s3.unfinished()]).toEqual([[], 0]);
  });

  it('whose parts cannot be taken back tells of what failed before that', async () => {
    const error = new Error('the disk is gone');
    s3.fault = ({ method }) => (method === 'DELETE' ? { status: 403 } : null);
    const pieces = bytes(30 * MIB, { failAt: 20 * MIB, error });
    await expect(store.upload(KEY, pieces, { sizeBytes: 30 * MIB, signal })).rejects.toBe(error);
    expect(s3.requests.map(({ method }) => method)).toContain('DELETE');
  });

  it.each([
    ['UploadId', 'POST', '<InitiateMultipartUploadResult/>'],
    ['ETag', 'PUT', ''],
  ])('that is answered without its %s fails, and leaves nothing', async (what, asked, body) => {
    s3.fault = ({ method }) => (method === asked ? { status: 200, body } : null);
    await expect(upload(20 * MIB)).rejects.toMatchObject({
      code: 'bucket_unavailable',
      message: expect.stringContaining(what),
    });
    expect([await s3.keys(), s3.unfinished()]).toEqual([[], 0]);
  });

  it('that nobody wants any more before it began asks for nothing', async () => {
    const pieces = bytes(20 * MIB);
    const uploading = store.upload(KEY, pieces, { sizeBytes: 20 * MIB, signal: AbortSignal.abort() });
    await expect(uploading).rejects.toThrow();
    expect(s3.requests).toEqual([]);
  });

  it('that nobody wants any more ends at once, and takes back its parts', async () => {
    const abort = new AbortController();
    s3.fault = ({ path }) => (/partNumber=[23]/.test(path) ? 'hang' : null);
    // What is on its way there may still be kept.
    s3.onAnswer = ({ path }) => {
      if (path.includes('partNumber=1')) abort.abort();
    };
    await expect(upload(20 * MIB, { signal: abort.signal })).rejects.toThrow();
    expect([await s3.keys(), s3.unfinished()]).toEqual([[], 0]);
  });

  it('gets over connections that are cut, and answers that say to come again', async () => {
    const attempts = new Map<string, number>();
    s3.fault = ({ method, path }) => {
      if (method !== 'PUT') return null;
      const attempt = (attempts.get(path) ?? 0) + 1;
      attempts.set(path, attempt);
      if (attempt === 1) return 'cut after';
      return attempt === 2 ? { status: 503, body: '<Error><Code>SlowDown</Code></Error>' } : null;
    };
    await upload(12 * MIB);
    expect((await read()).equals(await contentOf(bytes(12 * MIB)))).toBe(true);
    expect([...attempts.values()]).toEqual([3, 3, 3]);
  }, 20_000);

  it('of which the last answer is lost leaves a whole object or none', async () => {
    s3.fault = ({ method, path }) => (method === 'POST' && path.includes('uploadId') ? 'cut after' : null);
    await expect(upload(20 * MIB)).rejects.toMatchObject({ code: 'bucket_unavailable' });
    s3.fault = () => null;
    const size = await store.sizeOf(KEY, signal);
    expect([null, 20 * MIB]).toContain(size);
  });
});

it.each([1, 8, 78_000, 5 * 1024 ** 2])('an object of %i MiB fits into the parts that it may have', (size) => {
  const partBytes = partBytesFor(size * MIB);
  expect(partBytes).toBeGreaterThanOrEqual(5 * MIB);
  expect((size * MIB * 1.01) / partBytes).toBeLessThan(10_000);
});

describe('a bucket', () => {
  const works = {
    upload: () => upload(100_000),
    'upload of parts': () => upload(20 * MIB),
    putText: () => store.putText(KEY, '{}', signal),
    getText: () => store.getText(KEY, 10, signal),
    sizeOf: () => store.sizeOf(KEY, signal),
    remove: () => store.remove(KEY, signal),
  };
  const each = Object.entries(works);

  it.each(each)('that is down is told of by %s, and tried again', async (_name, work) => {
    await s3.down();
    await expect(work()).rejects.toMatchObject({
      code: 'bucket_unavailable',
      retryable: true,
      message: expect.stringContaining(`${store.location} cannot be reached`),
    });
  });

  it.each(each)(
    'that never answers is given up by %s',
    async (_name, work) => {
      s3.fault = () => 'hang';
      store = new BucketStore(s3.bucket, IMPATIENT);
      await expect(work()).rejects.toMatchObject({ code: 'bucket_unavailable' });
    },
    30_000,
  );

  it.each(each)('that fails is told of by %s', async (_name, work) => {
    s3.fault = () => ({ status: 500, body: '<Error><Code>InternalError</Code></Error>' });
    await expect(work()).rejects.toMatchObject({ code: 'bucket_unavailable', retryable: true });
  });

  it.each(each)('that does not know the key is told of by %s, without the secret', async (_name, work) => {
    const secretAccessKey = 'hunter2-hunter2';
    store = new BucketStore({ ...s3.bucket, accessKeyId: 'nobody', secretAccessKey }, TIMEOUTS);
    const error: unknown = await work().catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'bucket_denied',
      message: expect.stringContaining('check PAASDB_S3_ACCESS_KEY_ID'),
    });
    expect(JSON.stringify(error) + String((error as Error).cause)).not.toContain(secretAccessKey);
  });

  it.each(each.filter(([name]) => name !== 'sizeOf'))(
    'that is missing is told of by %s',
    async (_name, work) => {
      store = new BucketStore({ ...s3.bucket, name: 'nowhere' }, TIMEOUTS);
      await expect(work()).rejects.toMatchObject({
        code: 'bucket_missing',
        message: expect.stringContaining('there is no bucket at'),
      });
    },
  );

  it.each(each.filter(([name]) => name !== 'sizeOf'))(
    'that is none of S3 is not taken for one without the object by %s',
    async (_name, work) => {
      s3.fault = () => ({
        status: 404,
        headers: { 'Content-Type': 'text/html' },
        body: '<html><h1>404</h1></html>',
      });
      await expect(work()).rejects.toMatchObject({
        code: 'bucket_refused',
        message: expect.stringContaining('PAASDB_S3_ENDPOINT'),
      });
    },
  );

  it.each(each)('that sends elsewhere is not followed by %s', async (_name, work) => {
    await using other = await startS3();
    s3.fault = ({ path }) => ({
      status: 307,
      headers: { Location: `${String(other.bucket.endpoint)}${path}` },
      body: '<Error><Code>TemporaryRedirect</Code></Error>',
    });
    await expect(work()).rejects.toMatchObject({ code: 'bucket_refused' });
    expect(other.requests).toEqual([]);
  });
});

describe('a download', () => {
  it('that is cut fails, and so does one that no more comes of', async () => {
    await upload(20 * MIB);
    s3.fault = () => 'cut within';
    await expect(read()).rejects.toMatchObject({ code: 'bucket_unavailable' });
  });

  it('waits for a slow reader', async () => {
    await upload(20 * MIB);
    store = new BucketStore(s3.bucket, IMPATIENT);
    const pieces = await store.find(KEY, signal);
    let found = 0;
    let pauses = 0;
    for await (const piece of pieces ?? []) {
      found += piece.length;
      // Longer than a connection may be idle.
      if (pauses++ === 0) await new Promise((resolve) => setTimeout(resolve, 1.5 * IMPATIENT.idleMs));
    }
    expect(found).toBe(20 * MIB);
  });
});
