// The flows of any interface, given the port numbers and the round of the bridge that it goes to.
import type { Flow } from "@coracle/openflow";
import type { NetworkInterface } from "../interface.ts";
import { localFlows } from "./local-flows.ts";
import { remoteFlows } from "./remote-flows.ts";

/** What flows need to know of the bridge. */
export interface BridgePorts {
  /** The OpenFlow port of the tunnel. */
  readonly tunnelPort: number;
  /** Goes into cookies. */
  readonly round: number;
}

/** The flows of an interface; `localPort` is the OpenFlow port of a local one. Host flows are not among them. */
export function interfaceFlows(
  networkInterface: NetworkInterface,
  localPort: number,
  bridge: BridgePorts,
): readonly Flow[] {
  return networkInterface.kind === "local"
    ? localFlows(networkInterface, localPort, bridge.round)
    : remoteFlows(networkInterface, bridge.tunnelPort, bridge.round);
}
