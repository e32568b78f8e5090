/** A container that shall be. */
export interface Blueprint {
  name: string;
  image: string;
  /** Tells when a container is not what it would be made as today. */
  config: string;
  /** The body of Docker's "create container". */
  body: object;
  /** Its one volume, and where that is mounted. */
  mount: { volume: string; path: string };
}
