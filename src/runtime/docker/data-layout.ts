/** Where the images of a major version keep their data. */
export interface DataLayout {
  /** What the image declares as its volume: mounted elsewhere, the data would go to an anonymous one. */
  mountPath: string;
  /** PostgreSQL's `data_directory`. */
  dataPath: string;
  /** Written by us once the database is initialised. */
  markerPath: string;
}

/** From 18 on the official image keeps every major in a folder of its own, and the volume a level higher. */
export function dataLayout(major: number): DataLayout {
  const mountPath = major >= 18 ? '/var/lib/postgresql' : '/var/lib/postgresql/data';
  return {
    mountPath,
    dataPath: major >= 18 ? `${mountPath}/${major}/docker` : mountPath,
    markerPath: `${mountPath}/paasdb.json`,
  };
}
