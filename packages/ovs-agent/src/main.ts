// `coracle-ovs-agent`: makes this node's interfaces and flows match the API.
import { type Command, loadConfig, runCommands, runWithConfig } from "@coracle/lifecycle";
import { agentConfig } from "./config.ts";
import { removeNetnsCommand, testByPingCommand } from "./io/netns/netns-command.ts";
import { setUpAgent } from "./io/set-up-agent.ts";

const run: Command = {
  summary: agentConfig.summary,
  run: async (args) =>
    runWithConfig({ component: "ovs-agent", setup: setUpAgent }, await loadConfig(agentConfig, args)),
};

await runCommands({
  name: "coracle-ovs-agent",
  summary: "connects this node's network attachments through Open vSwitch",
  commands: { run, "test-by-ping": testByPingCommand, "remove-netns": removeNetnsCommand },
});
