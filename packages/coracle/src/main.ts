// `coracle`: the operator's command.
import { command, runCommands } from "@coracle/lifecycle";
import { upConfig } from "./config.ts";
import { up } from "./io/up.ts";

await runCommands({
  name: "coracle",
  summary: "runs and looks after Coracle's agents",
  commands: { up: command(upConfig, up) },
});
