/** Asks again until the answer is the one that is waited for; throws with the last one when the milliseconds are over. */
export async function within<T>(
  milliseconds: number,
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
): Promise<T> {
  const until = Date.now() + milliseconds;
  let answer = await ask();

  while (!wanted(answer) && Date.now() < until) answer = await ask();

  if (!wanted(answer)) throw new Error(`after ${milliseconds} ms it is still ${JSON.stringify(answer)}`);

  return answer;
}
