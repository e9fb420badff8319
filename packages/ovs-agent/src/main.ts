// `coracle-ovs-agent`: makes this node's interfaces and flows match the API.
import { command, runCommands, runWithConfig } from "@coracle/lifecycle";
import { agentConfig } from "./config.ts";
import { driftConfig, flowsConfig, traceConfig } from "./inspect-config.ts";
import { runDrift, runFlows, runTrace } from "./io/inspect-commands.ts";
import { removeNetnsCommand, testByPingCommand } from "./io/netns/netns-command.ts";
import { setUpAgent } from "./io/set-up-agent.ts";

await runCommands({
  name: "coracle-ovs-agent",
  summary: "connects this node's network attachments through Open vSwitch",
  commands: {
    run: command(agentConfig, (config) => runWithConfig({ component: "ovs-agent", setup: setUpAgent }, config)),
    trace: command(traceConfig, runTrace),
    flows: command(flowsConfig, runFlows),
    drift: command(driftConfig, runDrift),
    "test-by-ping": testByPingCommand,
    "remove-netns": removeNetnsCommand,
  },
});
