import Docker from 'dockerode';

/** Before the tests on a real engine: it must be there. */
export default async function requireEngine(): Promise<void> {
  // Read by assert-nothing-left: what an earlier run left behind when it was killed is not this run's fault.
  process.env.PAASDB_TESTS_STARTED_AT = new Date().toISOString();
  try {
    await new Docker().ping();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `These tests need a Docker Engine, and none answers (${reason}).\n` +
        'Start one, or run scripts/test, which gets one on Debian and Ubuntu.',
      { cause: error },
    );
  }
}
