// Waiting in tests for something another part of the process does soon: by looking often, with a bound that only failures reach.

/** Looks every few milliseconds until `condition` answers true; throws after about 20 s with `what`. */
export async function waitFor(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 2000; attempt++) {
    if (await condition()) return;
    await pause(10);
  }
  throw new Error(`waited in vain for ${what}`);
}

/** Lets real time pass. */
export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });
}
