// A return routability check (RFC 9853) with pion/dtls as it was recorded on either side, again and byte for byte: no release
// of it has the check yet, so what runs beside us cannot show it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { millis, type Random } from "@coracle/base";
import {
  type DtlsOutput,
  DtlsServer,
  NO_PADDING,
  parseRecordHeader,
  RandomCids,
  type SessionState,
} from "@coracle/dtls";
import { systemCrypto as crypto } from "@coracle/dtls/io";
import { CipherPool } from "../../packages/dtls/src/connection/cipher-pool.ts";
import type { OpenedRecord, RecordProtection } from "../../packages/dtls/src/connection/record-protection.ts";
import { restoreProtection } from "../../packages/dtls/src/session/session-state.ts";

/** One datagram, by the address of the side that moves, or what our server said. */
interface Frame {
  readonly from?: string;
  readonly to?: string;
  readonly hex?: string;
  readonly moved?: readonly [string, string];
}

type HexFields = "writeKey" | "writeIv" | "readKey" | "readIv" | "ownCid" | "peerCid";

/** Keys in hexadecimal. */
type RecordedState = Pick<SessionState, "suite" | "writeSequence" | "window"> & Readonly<Record<HexFields, string>>;

interface Recording {
  readonly source: string;
  readonly server: { readonly state: RecordedState; readonly frames: readonly Frame[] };
  readonly client: { readonly state: RecordedState; readonly frames: readonly Frame[] };
}

const file = join(import.meta.dirname, "..", "vectors", "pion", "return-routability.json");
const recording = JSON.parse(readFileSync(file, "utf8")) as Recording;
const RETURN_ROUTABILITY_CHECK = 27;
const [CHALLENGE, RESPONSE] = [0, 1];

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function stateOf(recorded: RecordedState): SessionState {
  const { suite, writeSequence, window } = recorded;
  return {
    version: 1,
    suite,
    writeSequence,
    window,
    writeKey: bytesOf(recorded.writeKey),
    writeIv: bytesOf(recorded.writeIv),
    readKey: bytesOf(recorded.readKey),
    readIv: bytesOf(recorded.readIv),
    ownCid: bytesOf(recorded.ownCid),
    peerCid: bytesOf(recorded.peerCid),
    peer: "a",
    identity: { kind: "psk", identity: new Uint8Array(0) },
    serverName: undefined,
    usesExtendedMasterSecret: true,
    allowsPathCheck: true,
  };
}

function protectionOf(state: SessionState): RecordProtection {
  const protection = restoreProtection({ crypto, pool: new CipherPool(1), padding: NO_PADDING }, state);
  return protection ?? assert.fail("the recorded keys are none");
}

/** The other side's view of a session that has only sent its Finished. */
function mirrored(state: SessionState): SessionState {
  const { writeKey, writeIv, readKey, readIv, ownCid, peerCid } = state;
  const keys = { writeKey: readKey, writeIv: readIv, readKey: writeKey, readIv: writeIv };
  return { ...state, ...keys, ownCid: peerCid, peerCid: ownCid };
}

function open(protection: RecordProtection, hex: string): OpenedRecord {
  const datagram = bytesOf(hex);
  const header = parseRecordHeader(datagram, 0, () => protection.ownCid.length);
  const outcome = header && protection.open(datagram, header);
  assert.ok(outcome?.ok === true);
  return outcome;
}

/** The cookie that our server drew when the recording was made. */
function recordedCookie(state: SessionState): Uint8Array {
  const peer = protectionOf(mirrored(state));
  const opened = recording.server.frames.flatMap(({ to, hex = "" }) => (to === undefined ? [] : open(peer, hex)));
  const challenge = opened.find(({ type }) => type === RETURN_ROUTABILITY_CHECK)?.content;
  assert.ok(challenge?.length === 9 && challenge[0] === CHALLENGE);
  return challenge.subarray(1);
}

describe("a return routability check with pion/dtls, as recorded", () => {
  it("our server asks the new port with the recorded challenge, takes the answer and moves", () => {
    const state = stateOf(recording.server.state);
    const cookie = recordedCookie(state);
    const random: Random = {
      next: () => 0,
      uint32: () => 0,
      bytes: (size) => (size === cookie.length ? cookie : new Uint8Array(size)),
    };
    const server = new DtlsServer({ crypto, random, psk: () => undefined, cids: new RandomCids(6) });
    server.handle({ kind: "import", state }, millis(0));
    const said: Frame[] = [];
    const note = (output: DtlsOutput): void => {
      if (output.kind === "send") said.push({ to: output.peer, hex: hexOf(output.bytes) });
      else if (output.kind === "address") said.push({ moved: [output.from, output.to] });
      // What was sent is sent back, as when the recording was made.
      else if (output.kind === "data")
        server.handle({ kind: "send", session: output.session, bytes: output.bytes }, millis(0));
    };
    for (const { from, hex = "" } of recording.server.frames) {
      if (from === undefined) continue;
      server.handle({ kind: "datagram", peer: from, bytes: bytesOf(hex) }, millis(0));
      for (let output = server.poll(); output !== undefined; output = server.poll()) note(output);
    }
    assert.deepEqual(
      said,
      recording.server.frames.filter(({ from }) => from === undefined),
    );
    assert.equal(server.counters.pathChecksStarted, 1);
  });

  it("our client answers pion's challenge with the recorded response", () => {
    const state = stateOf(recording.client.state);
    const [ours, theirs] = [protectionOf(state), protectionOf(mirrored(state))];
    const messages = recording.client.frames.map(({ from, to, hex = "" }) => {
      const { type, content } = open(from === undefined ? ours : theirs, hex);
      return { from, to, hex, type, content };
    });
    const [challenge, response] = messages.filter(({ type }) => type === RETURN_ROUTABILITY_CHECK);
    assert.ok(challenge !== undefined && response !== undefined);
    assert.deepEqual([challenge.to, response.from], ["b", "b"]);
    assert.deepEqual([challenge.content[0], response.content[0]], [CHALLENGE, RESPONSE]);
    assert.deepEqual(response.content.subarray(1), challenge.content.subarray(1));
    for (const { from, hex, type, content } of messages) {
      if (from !== undefined) assert.equal(hexOf(ours.seal(type, content)), hex);
    }
    // pion stayed with the old port until the response had come, and followed then.
    const answers = messages.filter(({ from, type }) => from === undefined && type !== RETURN_ROUTABILITY_CHECK);
    assert.deepEqual(
      answers.map(({ to }) => to),
      ["a", "a", "b"],
    );
  });
});
