// Stands between a fabric and its switch, and changes messages on their way: how a real switch meets what it cannot read.
import { mkdir, symlink } from "node:fs/promises";
import { createConnection, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { MessageFramer } from "@coracle/openflow";
import type { PrivateOvs } from "@coracle/ovsdb/testing";
import { BRIDGE } from "./with-fabric.ts";

/** A run directory whose switch is reached through us. */
export interface Between {
  /** For the fabric in place of the switch's own. */
  readonly runDirectory: string;
  /** Called with every message to the switch, which it may change in place; nothing is changed without one. */
  meddle: ((message: Uint8Array) => void) | undefined;
}

/** Runs `body` with a run directory beside the switch's. */
export async function standBetween(ovs: PrivateOvs, body: (between: Between) => Promise<void>): Promise<void> {
  const runDirectory = join(ovs.folder, "between");
  await mkdir(runDirectory);
  await symlink(ovs.databaseSocket, join(runDirectory, "db.sock"));
  const between: Between = { runDirectory, meddle: undefined };
  const sockets = new Set<Socket>();
  const server = createServer((fabric) => {
    const ofSwitch = createConnection(ovs.managementSocket(BRIDGE));
    const framer = new MessageFramer();
    for (const [one, other] of [
      [fabric, ofSwitch],
      [ofSwitch, fabric],
    ] as const) {
      sockets.add(one);
      one.on("error", () => undefined);
      one.on("close", () => other.destroy());
    }
    ofSwitch.on("data", (chunk) => fabric.write(chunk));
    fabric.on("data", (chunk: Uint8Array) => {
      framer.push(chunk.slice());
      for (let message = framer.next(); message?.ok === true; message = framer.next()) {
        between.meddle?.(message.value);
        ofSwitch.write(message.value.slice());
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(join(runDirectory, `${BRIDGE}.mgmt`), resolve);
  });
  try {
    await body(between);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}
