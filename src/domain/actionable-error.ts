/** A failure whose message is for people: it says what is wrong and what to do about it. Any other is a bug. */
export abstract class ActionableError extends Error {
  /** Whether trying again, with nobody doing anything, could help. */
  abstract readonly retryable: boolean;

  /** Whether what the work needs was not there to be asked, as when it is restarted: it was not begun, or broken off. */
  get away(): boolean {
    return false;
  }
}
