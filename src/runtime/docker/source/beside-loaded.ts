import type { DatabaseContents } from '../../runtime.js';
import type { SourceContents } from './source-contents.js';

const keyOf = ({ schema, name }: { schema: string; name: string }) => JSON.stringify([schema, name]);

/**
 * What a source held as it should be found in what was loaded from it. What differs on purpose is taken out:
 * extensions that cannot be had here, with their schemas; the versions of the others, which are the server's and not
 * in a dump; the rows of materialised views, which were filled anew; and what every new database has. All else stays,
 * and above all every row.
 *
 * @param loadable the extensions that can be had here
 */
export function besideLoaded(
  { views, extensionSchemas, ...source }: SourceContents,
  loaded: DatabaseContents,
  loadable: ReadonlySet<string>,
): DatabaseContents {
  const here = new Map(loaded.extensions.map((extension) => [extension.name, extension]));
  const had = new Set(source.extensions.map(({ name }) => name));
  const leftOut = new Set([...had].filter((name) => !loadable.has(name)));
  const schemasLeftOut = new Set(
    extensionSchemas.filter(({ extension }) => leftOut.has(extension)).map(({ schema }) => schema),
  );
  const refilled = new Set(views.map(keyOf));
  const rowsHere = new Map(loaded.tables.map((table) => [keyOf(table), table.rows]));
  return {
    ...source,
    extensions: [
      ...source.extensions
        .filter(({ name }) => !leftOut.has(name))
        .map((extension) => ({
          ...extension,
          version: here.get(extension.name)?.version ?? extension.version,
        })),
      ...loaded.extensions.filter(({ name }) => name === 'plpgsql' && !had.has(name)),
    ],
    schemas: [
      ...source.schemas.filter((schema) => !schemasLeftOut.has(schema)),
      ...loaded.schemas.filter((schema) => schema === 'public' && !source.schemas.includes(schema)),
    ],
    tables: source.tables.map((table) => ({
      ...table,
      rows: (refilled.has(keyOf(table)) ? rowsHere.get(keyOf(table)) : undefined) ?? table.rows,
    })),
  };
}
