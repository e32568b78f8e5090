import type { Logger } from '../../domain/logger.js';
import type { DatabaseSpec } from '../runtime.js';
import type { Blueprints } from './blueprints.js';
import type { Engine } from './engine/engine.js';
import type { ImageFacts } from './image-facts.js';
import type { ImageStore } from './image-store.js';
import type { Names } from './names.js';
import type { NetworkStore } from './network-store.js';

export interface StepDeps {
  engine: Engine;
  images: ImageStore;
  imageFacts: ImageFacts;
  networks: NetworkStore;
  prefix: string;
  names: Names;
  logger: Logger;
}

/** One execution of a plan: what the steps share. */
export interface Attempt extends Blueprints {
  spec: DatabaseSpec;
  /** Nothing on the volume is trusted yet: this is its initialisation. */
  firstStart: boolean;
  /** The ids of the containers as they are, or as steps have made them. */
  containers: { postgres: string | null; pooler: string | null };
  onPercent: (percent: number) => void;
}
