// The commands an agent runs for a ping test: into a namespace of its own, ping a peer, remove the namespace.
import { formatIp, numberToIpv4 } from "@coracle/base";

/** How attachments are tested. */
export interface TestSettings {
  /** Program of the agent's host that has the commands `test-by-ping` and `remove-netns`. */
  readonly program: string;
  /** Chance of a full test where a tested peer exists. */
  readonly fraction: number;
  /** Pings that are tried. */
  readonly pingCount: number;
  /** How long to wait for a first tested peer of a network. */
  readonly pendingWaitMs: number;
}

/** A peer that was tested itself. */
export interface TestPeer {
  readonly name: string;
  readonly ipv4: number;
}

/** Configures the interface in a namespace, and pings the peer if there is one: without a peer it is half a test. */
export function testCommand(
  settings: TestSettings,
  place: { readonly netns: string; readonly prefixLength: number },
  peer: TestPeer | undefined,
): readonly string[] {
  const address = `\${ipv4}/${place.prefixLength}`;
  const configure = [settings.program, "test-by-ping", "${ifname}", place.netns, address];
  if (peer === undefined) return configure;
  return [...configure, formatIp(numberToIpv4(peer.ipv4)), String(settings.pingCount), peer.name];
}

/** Removes the namespace of a test. */
export function cleanCommand(settings: TestSettings, netns: string): readonly string[] {
  return [settings.program, "remove-netns", netns];
}
