// What takes long with very many sessions, in steps: counting them by kind, and telling each that it ends.
import type { SessionId } from "@coracle/dtls";
import type { SessionCounts } from "../core/worker-messages.ts";
import type { ApplicationCounts } from "./application.ts";
import type { SessionHost } from "./session-host.ts";

/** Sessions looked at in a step. */
const LOOKS_PER_STEP = 200;
/** Sessions told in a step: each costs a record. */
const FAREWELLS_PER_STEP = 50;

/** Counts alone: who has a session is nobody's business here. Sessions that come or go meanwhile are counted or not. */
export function* countSessions(
  host: SessionHost,
  upstream: ApplicationCounts,
  done: (counts: SessionCounts) => void,
): Generator<undefined> {
  const bySuite: Record<string, number> = {};
  const byIdentity: Record<string, number> = {};
  const byCidConfiguration: Record<string, number> = {};
  let throughOtherNodes = 0;
  let withoutConnectionId = 0;
  let looked = 0;
  const { server, layout } = host.node;
  const hasConfigurations = layout !== undefined;
  for (const id of server.sessionIds()) {
    const device = host.describe(id);
    if (device !== undefined) {
      bySuite[device.suite] = (bySuite[device.suite] ?? 0) + 1;
      byIdentity[device.identity.kind] = (byIdentity[device.identity.kind] ?? 0) + 1;
      if (device.router !== undefined) throughOtherNodes++;
      const [first] = device.ownCid;
      if (first === undefined) withoutConnectionId++;
      else if (hasConfigurations) byCidConfiguration[first >>> 5] = (byCidConfiguration[first >>> 5] ?? 0) + 1;
    }
    if (++looked % LOOKS_PER_STEP === 0) yield undefined;
  }
  const { sessionCount: sessions, handshakeCount: handshakes } = server;
  const all = { sessions, handshakes, throughOtherNodes, withoutConnectionId };
  done({ ...all, bySuite, byIdentity, byCidConfiguration, upstream });
}

/** Ends every session with a close_notify. */
export function* sayFarewell(host: SessionHost, done: (told: number) => void): Generator<undefined> {
  const { server } = host.node;
  let told = 0;
  while (server.sessionCount > 0) {
    for (const session of firstOf(server.sessionIds(), FAREWELLS_PER_STEP)) {
      host.close(session);
      told++;
    }
    yield undefined;
  }
  done(told);
}

function firstOf(items: Iterable<SessionId>, countMax: number): SessionId[] {
  const first: SessionId[] = [];
  for (const item of items) {
    first.push(item);
    if (first.length === countMax) break;
  }
  return first;
}
