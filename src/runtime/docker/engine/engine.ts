import { z } from 'zod';
import { Caller } from './caller.js';
import { Containers } from './containers.js';
import { Events } from './events.js';
import { Execs } from './exec.js';
import { Images } from './images.js';
import { Logs } from './logs.js';
import type { Labels } from './label-filter.js';
import { connect } from './modem.js';
import { Networks } from './networks.js';
import { OwnContainers } from './own-containers.js';
import { Volumes } from './volumes.js';

/** The Docker Engine. No API version is pinned: new engines refuse old ones, and old engines new ones. */
export class Engine {
  readonly containers: Containers;
  readonly events: Events;
  readonly execs: Execs;
  readonly images: Images;
  readonly logs: Logs;
  readonly networks: Networks;
  readonly volumes: Volumes;
  private readonly caller: Caller;

  /**
   * @param dockerHost as in DOCKER_HOST; the local socket when left out
   * @param callDeadlineMs for calls that should be quick
   * @param owner what every container carries that may be changed
   */
  constructor({
    dockerHost,
    callDeadlineMs = 60_000,
    owner,
  }: {
    dockerHost?: string;
    callDeadlineMs?: number;
    owner: Labels;
  }) {
    const address = dockerHost ?? 'the local socket';
    this.caller = new Caller(connect(dockerHost), { address, deadlineMs: callDeadlineMs });
    const own = new OwnContainers(this.caller, owner);
    this.containers = new Containers(this.caller, own);
    this.events = new Events(this.caller);
    this.execs = new Execs(this.caller, own);
    this.images = new Images(this.caller);
    this.logs = new Logs(this.caller);
    this.networks = new Networks(this.caller);
    this.volumes = new Volumes(this.caller);
  }

  /** Resolves when the engine answers; rejects with what to do about it otherwise. */
  async check(signal: AbortSignal): Promise<void> {
    const call = { what: 'tell its version', method: 'GET', path: '/version', deadlineMs: 5_000 } as const;
    await this.caller.ask(call, z.object({ ApiVersion: z.string() }), signal);
  }
}
