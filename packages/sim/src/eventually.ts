// Waiting in tests for what happens at another end of a real wire.

/** Resolves when `condition` holds; throws with `what` after `patienceMs` (default 10 000), so that a broken test ends. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  what: string,
  patienceMs: number = 10_000,
): Promise<void> {
  const untilMs = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > untilMs) throw new Error(`Never came within ${patienceMs} ms: ${what}`);
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 2);
    });
  }
}
