import { readFileSync } from 'node:fs';
import type { Container } from './engine/container.js';
import type { Engine } from './engine/engine.js';

/**
 * Docker mounts these files of its own into every container. The folder that holds them has the container's id. On a
 * host they are seen too, while Docker copies files into or out of a container, but below that one's root.
 */
const MOUNTED = /\/containers\/([0-9a-f]{64})\/(hostname|hosts|resolv\.conf) \/etc\/\2 /;

/** The id of the container that a process is in, by its mounts; `null` when they do not tell of one. */
export function containerIdIn(mountinfo: string): string | null {
  return MOUNTED.exec(mountinfo)?.[1] ?? null;
}

/** The container that this process is in, if the engine that runs the databases runs it too. */
export class OwnContainer {
  private readonly id: string | null;

  /** @param mountinfo as of proc_pid_mountinfo(5) */
  constructor(
    private readonly engine: Engine,
    mountinfo: string,
  ) {
    this.id = containerIdIn(mountinfo);
  }

  /** Whether the process is in a container at all, of whichever engine. */
  get isSuspected(): boolean {
    return this.id !== null;
  }

  /** `null` when the process is in no container, or in one of another engine: then it reaches networks as the host. */
  async inspect(signal: AbortSignal): Promise<Container | null> {
    return this.id === null ? null : this.engine.containers.inspect(this.id, signal);
  }
}

/** The mounts of this process; none where there is no /proc. */
export function readOwnMounts(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return '';
  }
}
