import { RuntimeError } from '../runtime-error.js';
import type { Engine } from './engine/engine.js';
import { kindLabels } from './labels.js';
import type { Libc } from './marker.js';

/** What can be learned of an image only by looking into a container of it, which is never started. */
export class ImageFacts {
  private readonly libcs = new Map<string, Libc>();
  private readonly owners = new Map<string, Owner>();

  constructor(private readonly deps: { engine: Engine; prefix: string; randomId: () => string }) {}

  /** The libc of an image, by the image's id. */
  async libcOf(imageId: string, signal: AbortSignal): Promise<Libc> {
    const known = this.libcs.get(imageId);
    if (known) return known;
    const { engine, prefix, randomId } = this.deps;
    const id = await engine.containers.create(
      `${prefix}-probe-${randomId()}`,
      { Image: imageId, Labels: kindLabels(prefix, 'probe'), HostConfig: { NetworkMode: 'none' } },
      signal,
    );
    try {
      const alpine = await engine.containers.hasPath(id, '/etc/alpine-release', signal);
      const libc = alpine ? 'musl' : 'gnu';
      this.libcs.set(imageId, libc);
      return libc;
    } finally {
      // With the volumes that its image declares, which nothing was written to.
      await engine.containers.remove(id, true, AbortSignal.timeout(30_000)).catch(() => undefined);
    }
  }

  /** The numbers of the user `postgres` in the image of a container: 70 on Alpine, 999 on Debian. */
  async postgresUser(containerId: string, image: string, signal: AbortSignal): Promise<Owner> {
    const known = this.owners.get(image);
    if (known) return known;
    const passwd = await this.deps.engine.containers.readFile(containerId, '/etc/passwd', signal);
    const owner = findUser(passwd ?? '', 'postgres');
    if (!owner) {
      throw new RuntimeError(
        'image_unusable',
        `Image ${image} has no user postgres: choose another in the configuration`,
      );
    }
    this.owners.set(image, owner);
    return owner;
  }
}

export interface Owner {
  uid: number;
  gid: number;
}

/** Looks a user up in the text of an /etc/passwd. */
export function findUser(passwd: string, name: string): Owner | null {
  for (const line of passwd.split('\n')) {
    const [user, , uid, gid] = line.split(':');
    if (user === name && /^\d+$/.test(uid ?? '') && /^\d+$/.test(gid ?? ''))
      return { uid: Number(uid), gid: Number(gid) };
  }
  return null;
}
