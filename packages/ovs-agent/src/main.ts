// `coracle-ovs-agent`: makes this node's interfaces and flows match the API.
import { command, runCommands, runWithConfig } from "@coracle/lifecycle";
import { agentConfig } from "./config.ts";
import { driftConfig, flowsConfig, traceConfig } from "./inspect-config.ts";
import { removeNetnsCommand, testByPingCommand } from "./io/netns/netns-command.ts";

// Each command loads what it runs; the agent, when /livez is already answered.
await runCommands({
  name: "coracle-ovs-agent",
  summary: "connects this node's network attachments through Open vSwitch",
  commands: {
    run: command(agentConfig, (config) =>
      runWithConfig(
        {
          component: "ovs-agent",
          setup: async (service, read) => (await import("./io/set-up-agent.ts")).setUpAgent(service, read),
        },
        config,
      ),
    ),
    trace: command(traceConfig, async (config) => (await import("./io/inspect-commands.ts")).runTrace(config)),
    flows: command(flowsConfig, async (config) => (await import("./io/inspect-commands.ts")).runFlows(config)),
    drift: command(driftConfig, async (config) => (await import("./io/inspect-commands.ts")).runDrift(config)),
    "test-by-ping": testByPingCommand,
    "remove-netns": removeNetnsCommand,
  },
});
