import { RuntimeError } from '../runtime-error.js';
import type { Blueprint } from './blueprint.js';
import type { Mount } from './engine/container.js';

/**
 * Whether a container has its one volume where it belongs, and no other. A volume that the image declares
 * elsewhere makes Docker add an anonymous one, and data in that would be lost with the container.
 */
export function hasOnly(mounts: readonly Mount[], wanted: Blueprint['mount']): boolean {
  const volumes = mounts.filter(({ volume }) => volume !== null);
  return volumes.length === 1 && has(volumes, wanted);
}

export function has(mounts: readonly Mount[], wanted: Blueprint['mount']): boolean {
  return mounts.some(({ volume, path }) => volume === wanted.volume && path === wanted.path);
}

export function misplacedVolume(
  { image, mount }: Pick<Blueprint, 'image' | 'mount'>,
  mounts: readonly Mount[],
): RuntimeError {
  const elsewhere = mounts
    .filter(({ volume, path }) => volume !== null && path !== mount.path)
    .map(({ path }) => path)
    .join(', ');
  const message =
    `Image ${image} declares a volume at ${elsewhere || 'another place'}, and its data belongs at ${mount.path}: ` +
    'it is not the image that it should be';
  return new RuntimeError('image_unusable', message);
}
