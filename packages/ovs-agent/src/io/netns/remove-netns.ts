// `remove-netns`: deletes a network namespace.
import { mustRun, StepFailure, STEP_EXIT_CODES } from "./netns-steps.ts";

/** How `remove-netns` is called. */
export const REMOVE_NETNS_USAGE = `Usage: coracle-ovs-agent remove-netns NETNS

Deletes the network namespace.

Exit status: 0 done, 1 bad usage, 4 it could not be deleted.
`;

/** Deletes the namespace. Throws {@link StepFailure} with the exit code. */
export async function removeNetns(args: readonly string[]): Promise<void> {
  const [netns = ""] = args;
  if (args.length !== 1 || !/^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,254}$/.test(netns)) {
    throw new StepFailure(`Cannot remove a network namespace: name one\n${REMOVE_NETNS_USAGE}`, STEP_EXIT_CODES.usage);
  }
  await mustRun(["ip", "netns", "del", netns]);
}
