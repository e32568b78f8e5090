import Docker from 'dockerode';
import { PassThrough } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';

/** Runs a program in a container and resolves to what it printed. Rejects unless it ended with 0. */
export async function runIn(
  container: Docker.Container,
  argv: readonly string[],
  input = '',
): Promise<Buffer> {
  const streams = { AttachStdin: true, AttachStdout: true, AttachStderr: true };
  const exec = await container.exec({ Cmd: [...argv], User: 'postgres', ...streams });
  const stream = await exec.start({ hijack: true, stdin: true });
  stream.end(input);
  const [out, err] = [new PassThrough(), new PassThrough()];
  new Docker().modem.demuxStream(stream, out, err);
  const end = () => [out, err].forEach((side) => side.end());
  finished(stream, { writable: false }).then(end, end);
  const [printed, said] = await Promise.all([buffer(out), text(err)]);
  const { ExitCode } = await exec.inspect();
  if (ExitCode !== 0) throw new Error(`${argv[0]} ended with ${ExitCode}: ${said}`);
  return printed;
}
