// Runs a command of the ping test as a subcommand: help, output, exit code.
import { type Command, printAndExit } from "@coracle/lifecycle";
import { exitProcess, stderr, stdout } from "@coracle/runtime";
import { removeNetns, REMOVE_NETNS_USAGE } from "./remove-netns.ts";
import { StepFailure } from "./netns-steps.ts";
import { testByPing, TEST_BY_PING_USAGE } from "./test-by-ping.ts";

/** `coracle-ovs-agent test-by-ping`. */
export const testByPingCommand: Command = stepCommand(
  "put an interface into a network namespace and ping a peer from there",
  TEST_BY_PING_USAGE,
  testByPing,
);

/** `coracle-ovs-agent remove-netns`. */
export const removeNetnsCommand: Command = stepCommand("delete a network namespace", REMOVE_NETNS_USAGE, removeNetns);

function stepCommand(summary: string, usage: string, run: (args: readonly string[]) => Promise<void>): Command {
  return {
    summary,
    run: async (args) => {
      if (args.includes("--help") || args.includes("-h")) return printAndExit(usage, 0);
      let exitCode = 0;
      try {
        await run(args);
      } catch (error) {
        if (!(error instanceof StepFailure)) throw error;
        stderr().write(`${error.message.trimEnd()}\n`);
        exitCode = error.exitCode;
      }
      await Promise.all([stdout().drained(), stderr().drained()]);
      return exitProcess(exitCode);
    },
  };
}
