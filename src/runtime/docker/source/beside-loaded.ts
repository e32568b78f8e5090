import type { DatabaseContents } from '../../runtime.js';
import type { SourceContents } from './source-contents.js';

/**
 * What a source held as it should be found in what was loaded from it. What differs on purpose is taken out:
 * extensions that cannot be had here, with their schemas, and the one that every new database has.
 *
 * @param loadable the extensions that can be had here
 */
export function besideLoaded(
  { extensionSchemas, ...source }: SourceContents,
  loaded: DatabaseContents,
  loadable: ReadonlySet<string>,
): DatabaseContents {
  const had = new Set(source.extensions.map(({ name }) => name));
  const leftOut = new Set([...had].filter((name) => !loadable.has(name)));
  const schemasLeftOut = new Set(
    extensionSchemas.filter(({ extension }) => leftOut.has(extension)).map(({ schema }) => schema),
  );
  return {
    ...source,
    extensions: [
      ...source.extensions.filter(({ name }) => !leftOut.has(name)),
      ...loaded.extensions.filter(({ name }) => name === 'plpgsql' && !had.has(name)),
    ],
    schemas: source.schemas.filter((schema) => !schemasLeftOut.has(schema)),
  };
}
