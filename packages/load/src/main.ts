// `coracle-load`: drivers that load the system and measure it.
import { command, runCommands } from "@coracle/lifecycle";
import { attachmentsConfig } from "./attachments-config.ts";
import { devicesConfig } from "./devices-config.ts";
import { natConfig } from "./nat-config.ts";

// Each command loads what it runs.
await runCommands({
  name: "coracle-load",
  summary: "loads the system and measures it",
  commands: {
    attachments: command(attachmentsConfig, async (config) =>
      (await import("./io/attachments/run-attachments.ts")).runAttachments(config),
    ),
    devices: command(devicesConfig, async (config) => (await import("./io/devices/run-devices.ts")).runDevices(config)),
    nat: command(natConfig, async (config) => (await import("./io/nat/run-nat.ts")).runNat(config)),
  },
});
