import { InterruptedError } from '../../../src/runtime/docker/interrupted-error.js';
import { settleRoles } from '../../../src/runtime/docker/settle-roles.js';
import { serveContainers } from './fake-containers.js';
import { FakeEngine, frame, json } from './fake-engine.js';
import { sampleSpec } from './sample-spec.js';

let fake: FakeEngine;
let input: string;
beforeEach(async () => {
  fake = await FakeEngine.start();
  serveContainers(fake, [{ id: 'c1', name: 'paas-db-1a' }]);
  fake.on(/POST \/containers\/c1\/exec/, json({ Id: 'e1' }));
  input = '';
});
afterEach(() => fake[Symbol.asyncDispose]());

function settle({ says, exitCode }: { says: Buffer; exitCode: number }): Promise<void> {
  fake.on(/GET \/exec\/e1\/json/, json({ Running: false, ExitCode: exitCode }));
  fake.onUpgrade((socket) => {
    socket.on('data', (chunk: Buffer) => (input += chunk.toString()));
    socket.on('end', () => socket.end(says));
  });
  const engine = fake.client();
  return settleRoles(engine, 'c1', sampleSpec(), new AbortController().signal);
}

it('speaks as superuser in the database postgres only, which no tenant can change', async () => {
  await settle({ says: frame(1, '/var/lib/postgresql/data\n'), exitCode: 0 });
  const { Cmd, User } = JSON.parse(fake.bodies.find((body) => body !== '') ?? '') as {
    Cmd: string[];
    User: string;
  };
  expect(User).toBe('postgres');
  expect(Cmd[0]).toBe('psql');
  expect(Cmd.slice(-4)).toEqual(['-U', 'postgres', '-d', 'postgres']);
  expect(Cmd).toContain('ON_ERROR_STOP=1');
  expect(input).toContain('SET search_path = pg_catalog;');
  expect(input).not.toMatch(/^\\c/m);
});

it.each([
  ['keeps its data elsewhere', frame(1, '/data\n'), 0, 'image_unusable'],
  ['fails', frame(2, 'ERROR: canceling statement due to lock timeout'), 3, 'start_failed'],
])('is refused when PostgreSQL %s', async (_, says, exitCode, code) => {
  await expect(settle({ says, exitCode })).rejects.toMatchObject({ code });
});

it.each([
  ['said nothing', '', 0],
  ['never ran', '', 126],
  ['got no connection', 'FATAL: the database system is shutting down', 2],
  ['was killed', '', 137],
])('is to be looked at again when psql %s', async (_, stderr, exitCode) => {
  const says = stderr === '' ? Buffer.alloc(0) : frame(2, stderr);
  await expect(settle({ says, exitCode })).rejects.toThrow(InterruptedError);
});
