import Docker from 'dockerode';
import { createReadStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { finished, pipeline } from 'node:stream/promises';

const ARGV = ['pg_restore', '--exit-on-error', '-U', 'app', '--role=app', '-d', 'app'];

/** Restores an archive as the tenant would. Rejects when anything in it fails. */
export async function restore(container: Docker.Container, file: string): Promise<void> {
  const streams = { AttachStdin: true, AttachStdout: true, AttachStderr: true };
  const exec = await container.exec({ Cmd: ARGV, User: 'postgres', ...streams });
  const stream = await exec.start({ hijack: true, stdin: true });
  const output = new PassThrough();
  new Docker().modem.demuxStream(stream, output, output);
  const end = () => output.end();
  finished(stream, { writable: false }).then(end, end);
  const printed = text(output);
  // When it fails early it does not read on.
  await pipeline(createReadStream(file), stream).catch(() => undefined);
  const said = await printed;
  const { ExitCode } = await exec.inspect();
  if (ExitCode !== 0) throw new Error(`pg_restore ended with ${ExitCode}: ${said}`);
}
