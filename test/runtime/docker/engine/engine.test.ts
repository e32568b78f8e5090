import { Engine } from '../../../../src/runtime/docker/engine/engine.js';
import { tarOf } from '../../../../src/runtime/docker/engine/tar.js';
import { serveContainers } from '../fake-containers.js';
import { cut, FakeEngine, frame, json, silence, status, OWNER } from '../fake-engine.js';

const never = new AbortController().signal;

let fake: FakeEngine;
let engine: Engine;
beforeEach(async () => {
  fake = await FakeEngine.start();
  engine = fake.client(300);
});
afterEach(() => fake[Symbol.asyncDispose]());

/** Has the engine know a container with these labels, and returns its id. */
function serve(labels: Record<string, string>): string {
  serveContainers(fake, [{ id: 'c1', name: 'some', labels }]);
  return 'c1';
}

describe('an engine that does not answer', () => {
  it('is told by its address and by what to do', async () => {
    const absent = new Engine({ owner: OWNER, dockerHost: 'unix:///nowhere/docker.sock' });
    await expect(absent.check(never)).rejects.toMatchObject({
      code: 'unavailable',
      retryable: true,
      message: expect.stringMatching(
        /unix:\/\/\/nowhere\/docker\.sock: there is no such socket\. Start Docker/,
      ),
    });
  });

  it('is told from one where nothing listens', async () => {
    const closed = new Engine({ owner: OWNER, dockerHost: 'tcp://127.0.0.1:1' });
    await expect(closed.check(never)).rejects.toMatchObject({
      code: 'unavailable',
      absent: 'engine',
      message: expect.stringMatching(/tcp:\/\/127\.0\.0\.1:1: nothing listens there/),
    });
  });

  it('is told from a proxy that has nobody behind it, whatever was asked for', async () => {
    fake.on(/./, (_, response) => {
      response.statusCode = 503;
      response.end('<html><body>No server is available</body></html>');
    });
    const absent = { code: 'unavailable', absent: 'engine', message: expect.stringMatching(/answers 503/) };
    await expect(engine.check(never)).rejects.toMatchObject(absent);
    await expect(engine.containers.create('any', {}, never)).rejects.toMatchObject(absent);
  });

  it.each(['ssh://somewhere', 'tcp://', 'fd://', 'http:// '])('is not looked for at %s', (dockerHost) => {
    expect(() => new Engine({ owner: OWNER, dockerHost })).toThrow(
      /is not unix:\/\/\/path or tcp:\/\/host:port/,
    );
  });

  it.each([
    ['says nothing', silence],
    ['breaks off in the middle of its answer', cut('{"ApiVersion":"1.41","and":"so on"}')],
  ])('and %s, meets the deadline', async (_, answer) => {
    fake.on(/./, answer);
    await expect(engine.containers.list({}, never)).rejects.toMatchObject({
      code: 'unavailable',
      absent: null,
      message: expect.stringMatching(/no answer within 300 ms/),
    });
  });

  it('is waited for no longer than the caller wants', async () => {
    fake.on(/./, silence);
    const gone = new AbortController();
    const listed = engine.containers.list({}, gone.signal);
    gone.abort();
    await expect(listed).rejects.toMatchObject({ code: 'aborted' });
    await expect(engine.containers.list({}, gone.signal)).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('an answer', () => {
  it.each(['not json', '{"Id": 5}', '[]', 'null', ''])(
    'of %j makes no sense, and is said to',
    async (text) => {
      fake.on(/./, (_, response) => response.end(text));
      await expect(engine.containers.inspect('x', never)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(/makes no sense/),
      });
    },
  );

  it('that the disk is full has its own code', async () => {
    fake.on(/./, status(500, 'mkdir /var/lib/docker/overlay2/x: no space left on device'));
    await expect(engine.containers.create('x', {}, never)).rejects.toMatchObject({
      code: 'no_space',
      retryable: true,
      message: expect.stringMatching(/disk of the Docker host is full/),
    });
  });

  it('of 404 is no container, no volume and no image', async () => {
    fake.on(/./, status(404, 'No such thing'));
    expect(await engine.containers.inspect('x', never)).toBeNull();
    expect(await engine.volumes.inspect('x', never)).toBeNull();
    expect(await engine.images.find('x', never)).toBeNull();
    expect(await engine.containers.readFile('x', '/y', never)).toBeNull();
    expect(await engine.containers.hasPath('x', '/y', never)).toBe(false);
    await engine.containers.stop('x', 1, never);
    await engine.containers.remove('x', false, never);
    await engine.volumes.remove('x', never);
  });

  it('of 500 is none of these', async () => {
    fake.on(/./, status(500, 'boom'));
    for (const call of [
      engine.containers.inspect('x', never),
      engine.volumes.inspect('x', never),
      engine.images.find('x', never),
      engine.containers.readFile('x', '/y', never),
      engine.containers.hasPath('x', '/y', never),
      engine.containers.stop('x', 1, never),
      engine.containers.remove('x', false, never),
      engine.volumes.remove('x', never),
    ]) {
      await expect(call).rejects.toMatchObject({ name: 'RuntimeError', status: 500 });
    }
  });
});

describe('what makes something', () => {
  it('does not put what it makes into the URL', async () => {
    fake.on(/POST/, json({ Id: 'c1' }));
    expect(await engine.containers.create('db', { Env: ['POSTGRES_PASSWORD=hush'] }, never)).toBe('c1');
    expect(fake.requests).toEqual(['POST /containers/create?name=db']);
    expect(JSON.parse(fake.bodies[0] ?? '')).toEqual({ Env: ['POSTGRES_PASSWORD=hush'] });
  });

  it('sends no body where Docker wants none', async () => {
    await engine.containers.inspect(serve(OWNER), never);
    fake.requests.length = fake.bodies.length = 0;
    fake.on(/POST/, (_, response) => response.writeHead(204).end());
    await engine.containers.start('c1', never);
    await engine.containers.stop('c1', 7, never);
    expect(fake.requests).toEqual(['POST /containers/c1/start', 'POST /containers/c1/stop?t=7']);
    expect(fake.bodies).toEqual(['', '']);
  });

  it('is waited for when it is aborted under way, so that nothing appears later', async () => {
    const gone = new AbortController();
    fake.on(/POST/, (request, response) => {
      gone.abort();
      setTimeout(() => json({ Id: 'late' })(request, response), 50);
    });
    expect(await engine.containers.create('db', {}, gone.signal)).toBe('late');
  });
});

describe('a file in a container', () => {
  it('is read out of its archive', async () => {
    const archive = await tarOf([{ name: 'passwd', content: 'root:x:0:0', mode: 0o644, uid: 0, gid: 0 }]);
    fake.on(/GET \/containers\/c1\/archive\?path=%2Fetc%2Fpasswd/, (_, response) => response.end(archive));
    expect(await engine.containers.readFile('c1', '/etc/passwd', never)).toBe('root:x:0:0');
  });

  it('that is cut off is an error and no shorter file', async () => {
    const archive = await tarOf([{ name: 'f', content: 'x'.repeat(5000), mode: 0o644, uid: 0, gid: 0 }]);
    fake.on(/archive/, (_, response) => {
      response.writeHead(200, { 'Content-Length': archive.length });
      response.write(archive.subarray(0, 2000), () => response.destroy());
    });
    await expect(engine.containers.readFile('c1', '/f', never)).rejects.toThrow();
  });
});

describe.each<[string, Record<string, string>]>([
  ['has no labels', {}],
  ['belongs to another installation', { 'paasdb.prefix': 'other' }],
])('a container that %s', (_, labels) => {
  const { signal } = new AbortController();
  it.each<[string, () => Promise<unknown>]>([
    ['started', () => engine.containers.start('c1', signal)],
    ['stopped', () => engine.containers.stop('c1', 1, signal)],
    ['restarted', () => engine.containers.restart('c1', 1, signal)],
    ['resumed', () => engine.containers.unpause('c1', signal)],
    ['removed', () => engine.containers.remove('c1', true, signal)],
    ['written to', () => engine.containers.putArchive('c1', '/etc', Buffer.alloc(0), signal)],
    [
      'run programs in',
      () =>
        engine.execs.run(
          { containerId: 'c1', argv: ['id'], user: 'root', stdin: '', deadlineMs: 1000 },
          signal,
        ),
    ],
  ])('is not %s', async (_verb, work) => {
    serve(labels);
    // However it was seen before.
    await engine.containers.list({}, signal);
    await expect(work()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/did not make the container some \(c1\): refused to/),
    });
    expect(fake.requests.filter((line) => !line.startsWith('GET '))).toEqual([]);
  });
});

describe('an exec', () => {
  const request = {
    containerId: 'c1',
    argv: ['psql', '-X'],
    user: 'postgres',
    stdin: 'hush',
    deadlineMs: 1_000,
  };
  beforeEach(() => {
    serve(OWNER);
    fake.on(/POST \/containers\/c1\/exec/, json({ Id: 'e1' }));
  });

  it('gives its input to the program and tells what came of it', async () => {
    let inspections = 0;
    let input = '';
    fake.on(/GET \/exec\/e1\/json/, (req, res) =>
      json({ Running: ++inspections < 3, ExitCode: 4 })(req, res),
    );
    fake.onUpgrade((socket) => {
      socket.on('data', (chunk: Buffer) => (input += chunk.toString()));
      socket.on('end', () => socket.end(Buffer.concat([frame(1, 'out'), frame(2, 'err'), frame(1, 'put')])));
    });
    expect(await engine.execs.run(request, never)).toEqual({ exitCode: 4, stdout: 'output', stderr: 'err' });
    expect(input).toMatch(/hush$/);
    expect(inspections).toBe(3);
    expect(fake.bodies.join()).not.toContain('hush');
    const body = fake.bodies.find((text) => text !== '') ?? '';
    expect(JSON.parse(body)).toMatchObject({ Cmd: ['psql', '-X'], User: 'postgres' });
  });

  it('that is cut inside a frame is an error', async () => {
    fake.onUpgrade((socket) => socket.end(frame(1, 'output').subarray(0, 10)));
    await expect(engine.execs.run(request, never)).rejects.toThrow(/cut a stream in the middle/);
  });

  it('that never ends meets its deadline', async () => {
    fake.onUpgrade((socket) => socket.end(frame(1, 'x')));
    fake.on(/GET \/exec\/e1\/json/, json({ Running: true, ExitCode: null }));
    await expect(engine.execs.run({ ...request, deadlineMs: 200 }, never)).rejects.toThrow(
      /no answer within 200 ms/,
    );
  });

  it('that is aborted lets go of its connection', async () => {
    const gone = new AbortController();
    const closed = new Promise<void>((resolve) => {
      fake.onUpgrade((socket) => {
        // Its side of the connection is only found closed by writing to it.
        const writing = setInterval(() => socket.write(frame(1, 'x')), 5);
        socket.resume().once('close', () => {
          clearInterval(writing);
          resolve();
        });
        setTimeout(() => gone.abort(), 20);
      });
    });
    await expect(engine.execs.run(request, gone.signal)).rejects.toMatchObject({ code: 'aborted' });
    await closed;
  });
});

it('reads the end of a log', async () => {
  fake.on(/GET \/containers\/c1\/logs\?stdout=true&stderr=true&tail=5/, (_, response) => {
    response.end(Buffer.concat([frame(1, 'one\n'), frame(2, 'two\n\n')]));
  });
  expect((await engine.logs.tail('c1', 5, never)).sort()).toEqual(['one', 'two']);
});
