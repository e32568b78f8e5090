import { PLAN_OFFERS, POOL } from '../../../src/domain/plans.js';
import type { DatabaseSpec } from '../../../src/runtime/runtime.js';

export function sampleSpec(changes: Partial<DatabaseSpec> = {}): DatabaseSpec {
  return {
    id: '1aaaaaaaaaaaaaaa',
    org: 'acme',
    app: 'web',
    name: 'main',
    engineVersion: 17,
    volumeId: '2bbbbbbbbbbbbbbb',
    holdsData: false,
    resources: PLAN_OFFERS.standard.resources,
    pool: POOL,
    login: { role: 'app', password: 'hush', verifier: 'SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy' },
    ...changes,
  };
}
