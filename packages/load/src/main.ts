// `coracle-load`: drivers that load the system and measure it.
import { command, runCommands } from "@coracle/lifecycle";
import { attachmentsConfig } from "./attachments-config.ts";
import { devicesConfig } from "./devices-config.ts";
import { runAttachments } from "./io/attachments/run-attachments.ts";
import { runDevices } from "./io/devices/run-devices.ts";
import { runNat } from "./io/nat/run-nat.ts";
import { natConfig } from "./nat-config.ts";

await runCommands({
  name: "coracle-load",
  summary: "loads the system and measures it",
  commands: {
    attachments: command(attachmentsConfig, runAttachments),
    devices: command(devicesConfig, runDevices),
    nat: command(natConfig, runNat),
  },
});
