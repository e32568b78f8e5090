const MAX_WAIT_S = 60;

/** The time that `Prefer: wait=N` asks for, in ms: at most 60 s; `null` when it does not ask. RFC 7240. */
export function preferredWaitMs(prefer: string | undefined): number | null {
  const seconds = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?(?=$|[,;\s])/i.exec(prefer ?? '')?.[1];
  return seconds === undefined ? null : Math.min(MAX_WAIT_S, Number(seconds)) * 1000;
}
