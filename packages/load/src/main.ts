// `coracle-load`: drivers that load the system and measure it.
import { command, runCommands } from "@coracle/lifecycle";
import { attachmentsConfig } from "./attachments-config.ts";
import { runAttachments } from "./io/attachments/run-attachments.ts";

await runCommands({
  name: "coracle-load",
  summary: "loads the system and measures it",
  commands: { attachments: command(attachmentsConfig, runAttachments) },
});
