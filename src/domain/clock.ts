/** Tells the time. Tests pass one that stands still. */
export type Clock = () => Date;
