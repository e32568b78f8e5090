import { RuntimeError } from '../../runtime-error.js';
import type { Caller } from './caller.js';
import { containerInspection, type ListedContainer } from './container.js';
import { carries, type Labels } from './label-filter.js';

/**
 * Which containers may be touched: those that carry our labels, and no others, whatever the caller of this code
 * got wrong. A container's labels never change, so that each is asked for once.
 */
export class OwnContainers {
  private readonly known = new Set<string>();

  /** @param labels what every container of ours carries */
  constructor(
    private readonly caller: Caller,
    private readonly labels: Labels,
  ) {}

  /** Remembers what was seen anyway. */
  note({ id, labels }: Pick<ListedContainer, 'id' | 'labels'>): void {
    if (carries(labels, this.labels)) this.add(id);
  }

  /** One that was made here. */
  add(id: string): void {
    this.known.add(id);
  }

  forget(id: string): void {
    this.known.delete(id);
  }

  /** Rejects with `conflict` when a container is not ours, and with an EngineError of 404 when it is gone. */
  async require(id: string, what: string, signal: AbortSignal): Promise<void> {
    if (this.known.has(id)) return;
    const path = `/containers/${encodeURIComponent(id)}/json`;
    const container = await this.caller.ask({ what, method: 'GET', path }, containerInspection, signal);
    this.note(container);
    if (!carries(container.labels, this.labels)) {
      throw new RuntimeError(
        'conflict',
        `paasdb did not make the container ${container.name} (${id}): refused to ${what}`,
      );
    }
  }
}
