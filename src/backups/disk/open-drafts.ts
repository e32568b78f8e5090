import { sep } from 'node:path';
import type { Place } from './place.js';

/** Which backups this process is writing: what they are called must neither be swept nor begun again. */
export class OpenDrafts {
  private readonly paths = new Set<string>();

  /** Returns whether it was not open. */
  add(place: Place): boolean {
    if (this.has(place)) return false;
    this.paths.add(place.dump);
    return true;
  }

  has(place: Place): boolean {
    return this.paths.has(place.dump);
  }

  delete(place: Place): void {
    this.paths.delete(place.dump);
  }

  /** Whether one of them is written to this folder or to one in it. */
  need(folder: string): boolean {
    return [...this.paths].some((path) => path.startsWith(folder + sep));
  }
}
