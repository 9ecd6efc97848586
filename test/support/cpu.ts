/**
 * Milliseconds of processor time that this process has spent on `work`: unlike the time on the wall, it hardly grows
 * when the machine is busy with something else. For limits far from what is expected, never for comparisons.
 */
export async function processorTime(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);

  return (user + system) / 1000;
}
