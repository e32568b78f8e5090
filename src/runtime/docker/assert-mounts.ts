import { RuntimeError } from '../runtime.js';
import type { Container, Mount } from './engine/container.js';

/**
 * A container shall have one volume, ours, where it was asked for. One that the image declares elsewhere
 * makes Docker add an anonymous volume, and data in it would be lost with the container.
 */
export function foreignMounts({ mounts }: Container, wanted: { volume: string; path: string }): Mount[] {
  return mounts.filter(
    ({ volume, path }) => volume !== null && (volume !== wanted.volume || path !== wanted.path),
  );
}

export function misplacedVolume(image: string, foreign: readonly Mount[], path: string): RuntimeError {
  const elsewhere = foreign.map((mount) => mount.path).join(', ');
  const message = `Image ${image} declares a volume at ${elsewhere}, and its data belongs at ${path}: it is not an image of this major version`;
  return new RuntimeError('image_missing', message);
}
