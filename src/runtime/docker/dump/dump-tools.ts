import type { Compression } from '../../runtime.js';
import { RuntimeError } from '../../runtime-error.js';
import type { Container } from '../engine/container.js';
import type { Engine } from '../engine/engine.js';
import { compressionOption, parseVersion } from './pg-dump.js';

const DEADLINE_MS = 30_000;
/** There is no server in this folder. */
const NOWHERE = '/nonexistent';

/** The pg_dump of an image. */
export interface DumpTool {
  version: string;
  compression: Compression;
}

/** What the pg_dump of each image can do, which is asked for once. */
export class DumpTools {
  private readonly known = new Map<string, DumpTool>();

  constructor(private readonly engine: Engine) {}

  async of({ id, imageId }: Pick<Container, 'id' | 'imageId'>, signal: AbortSignal): Promise<DumpTool> {
    const known = this.known.get(imageId);
    if (known) return known;
    const [version, compression] = await Promise.all([
      this.version(id, signal),
      this.compression(id, signal),
    ]);
    const tool = { version, compression };
    this.known.set(imageId, tool);
    return tool;
  }

  private async version(containerId: string, signal: AbortSignal): Promise<string> {
    const { stdout, stderr } = await this.ask(containerId, ['--version'], signal);
    const version = parseVersion(stdout);
    if (version !== null) return version;
    if (stdout === '') throw lost();
    throw new RuntimeError(
      'image_unusable',
      `The image has no pg_dump that works: ${(stderr || stdout).trim()}`,
    );
  }

  /** It looks at its options first, then for the server. Builds without zstd, and all before 16, stop at the first. */
  private async compression(containerId: string, signal: AbortSignal): Promise<Compression> {
    const argv = ['--format=custom', compressionOption('zstd'), `--host=${NOWHERE}`];
    const { stderr, stdout } = await this.ask(containerId, argv, signal);
    if (stderr === '' && stdout === '') throw lost();
    return stderr.includes(NOWHERE) ? 'zstd' : 'gzip';
  }

  private ask(containerId: string, argv: readonly string[], signal: AbortSignal) {
    return this.engine.execs.run(
      { containerId, argv: ['pg_dump', ...argv], user: 'postgres', stdin: '', deadlineMs: DEADLINE_MS },
      signal,
    );
  }
}

function lost(): RuntimeError {
  return new RuntimeError(
    'unavailable',
    'Docker lost the connection over which pg_dump was asked for its version',
  );
}
