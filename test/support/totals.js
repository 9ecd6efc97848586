import { writeFileSync } from 'node:fs';

/**
 * The jest reporter behind the closing line of `npm test`. A suite that could not even be loaded counts as one failure.
 * GATEHOUSE_TEST_TOTALS names a file that gets the same two numbers, for a caller that adds several runs together.
 */
export default class Totals {
  onRunComplete(_contexts, results) {
    const passed = results.numPassedTests;
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const file = process.env.GATEHOUSE_TEST_TOTALS;

    if (file) writeFileSync(file, `${passed} ${failed}\n`);

    // Jest prints its own summary after every reporter.
    process.once('exit', () => {
      if (results.numPendingTests > 0) process.stdout.write(`${results.numPendingTests} skipped\n`);
      process.stdout.write(`${passed} passed, ${failed} failed\n`);
    });
  }
}
