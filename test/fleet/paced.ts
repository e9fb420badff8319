// Waiting that leaves the machine to those who are waited for.
import { eventually } from "@coracle/sim";

/** Each look costs the programs under test an answer over HTTP. */
const LOOK_EVERY_MS = 200;

/** As `eventually`, but looks only some times a second. */
export async function paced(condition: () => Promise<boolean>, what: string, patienceMs: number): Promise<void> {
  const look = async (): Promise<boolean> => {
    const isSo = await condition();
    if (!isSo) await pause(LOOK_EVERY_MS);
    return isSo;
  };
  await eventually(look, what, patienceMs);
}

/** Lets time pass. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
