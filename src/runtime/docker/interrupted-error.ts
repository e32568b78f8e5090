/** Whatever we waited for was stopped, started or removed by somebody else: look again. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}
