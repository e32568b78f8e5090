import { z } from 'zod';
import { dsnsOf, variablesOf } from '../domain/environment.js';
import type { App } from '../domain/records.js';
import { getCredential } from '../store/credentials.js';
import { listUsableDatabases } from '../store/databases.js';
import type { ApiDeps } from './api-deps.js';

export const variablesSchema = z.record(z.string(), z.string()).meta({ id: 'Variables' });

/** The variables of all databases of an app that were ever ready. */
export function appVariables(
  { store, endpointsOf }: Pick<ApiDeps, 'store' | 'endpointsOf'>,
  app: App,
): Record<string, string> {
  const variables = listUsableDatabases(store, app.id).map(({ id, name }) =>
    variablesOf(name, dsnsOf(endpointsOf(id), getCredential(store, id))),
  );
  return Object.assign({}, ...variables) as Record<string, string>;
}

/** Lines `NAME=value`. The URLs hold nothing that would need quotes. */
export function toDotenv(variables: Record<string, string>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
