import type { Container } from './engine/container.js';

/**
 * Whether a container that was looked into is gone or being removed. Docker takes its volumes away first: what is not
 * found in it then may be there all the same.
 */
export function isGoing(container: Container | null): boolean {
  return container === null || container.status === 'removing' || container.status === 'dead';
}
