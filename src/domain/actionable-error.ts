/** A failure whose message is for people: it says what is wrong and what to do about it. Any other is a bug. */
export abstract class ActionableError extends Error {
  /** Whether trying again, with nobody doing anything, could help. */
  abstract readonly retryable: boolean;

  /** What was not there to be asked, as while it is restarted; `null` where that is not the reason. */
  get absent(): 'engine' | 'database' | null {
    return null;
  }
}
