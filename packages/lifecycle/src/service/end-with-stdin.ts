// Ends this process when the one that holds the other end of its standard input is gone: by exit, or killed.
import { processId, sendSignal, stdin } from "@coracle/runtime";
import type { Logger } from "../log/logger.ts";

/** Reads standard input to its end, keeps nothing of it, and then sends this process SIGTERM: whoever handles that ends in order. */
export async function endWithStdin(log: Logger): Promise<void> {
  try {
    const chunks = stdin()[Symbol.asyncIterator]();
    while ((await chunks.next()).done !== true);
  } catch (error) {
    log.warning("Standard input cannot be read", { error });
  }
  log.info("Standard input has ended, and this process ends with it");
  sendSignal(processId(), "SIGTERM");
}
