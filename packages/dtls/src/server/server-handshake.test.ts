// The epoch of a message counts: Finished is nothing without the new keys, and nothing else comes under them.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { millis, SeededRandom } from "@coracle/base";
import { resolveClientOptions } from "../client/client-options.ts";
import { ClientHandshake } from "../client/client-handshake.ts";
import { CipherPool } from "../connection/cipher-pool.ts";
import type { HandshakeStep } from "../connection/handshake-context.ts";
import { parseClientHello } from "../handshake/client-hello.ts";
import { type HandshakeMessage, HandshakeType, parseFragments } from "../handshake/handshake-header.ts";
import { systemCrypto as crypto } from "../io/mod.ts";
import { parseRecordHeader } from "../record/record-header.ts";
import { ServerHandshake } from "./server-handshake.ts";
import { negotiate } from "./server-negotiation.ts";
import { resolveServerOptions, SERVER_LIMITS } from "./server-options.ts";

const psk = { identity: Uint8Array.of(1), key: new Uint8Array(16).fill(9) };
const now = millis(0);

/** The messages in datagrams, those of epoch 1 as `open` gives them. */
function messagesIn(datagrams: readonly Uint8Array[], open?: (record: Uint8Array) => Uint8Array): HandshakeMessage[] {
  const messages: HandshakeMessage[] = [];
  for (const datagram of datagrams) {
    for (let start = 0; start < datagram.length;) {
      const header = parseRecordHeader(datagram, start, () => 0) ?? assert.fail("no record");
      const record = datagram.subarray(start, header.end);
      const content = header.epoch === 0 ? datagram.subarray(header.payloadStart, header.end) : open?.(record);
      start = header.end;
      if (header.type !== 22 || content === undefined) continue;
      for (const { type, messageSequence, body } of parseFragments(content) ?? []) {
        messages.push({ type, messageSequence, body: body.slice() });
      }
    }
  }
  return messages;
}

/** A server and its client, which have come as far as the client's last flight. */
function almostDone() {
  const pool = new CipherPool(4);
  const settings = { crypto, random: new SeededRandom(1) };
  const client = new ClientHandshake({ ...resolveClientOptions({ ...settings, psk }), pool });
  client.start();
  const [message] = messagesIn(client.channel.transmit(now, true));
  const hello = message && parseClientHello(message.body);
  assert.ok(message !== undefined && hello !== undefined);
  const options = resolveServerOptions({ ...settings, random: new SeededRandom(2), psk: () => psk.key });
  const context = { ...options, pool, reassembly: SERVER_LIMITS.reassembly, claimCid: () => undefined };
  const choice = negotiate(context, hello, now);
  assert.ok(choice.kind === "choice");
  const server = new ServerHandshake(context, { hello, message, recordSequence: 0 }, choice, new Uint8Array(0));
  server.start();
  for (const next of messagesIn(server.channel.transmit(now, true))) client.handle(next, 0);
  const flight = client.channel.transmit(now, true);
  const [keyExchange] = messagesIn(flight);
  assert.ok(keyExchange?.type === HandshakeType.clientKeyExchange);
  /** What the client's Finished says, once the server has the key exchange. */
  const finished = (): HandshakeMessage => {
    const open = (record: Uint8Array): Uint8Array => {
      const header = parseRecordHeader(record, 0, () => 0);
      const opened = header && server.channel.protection?.open(record, header);
      return opened?.ok === true ? opened.content : assert.fail("not authentic");
    };
    return messagesIn(flight, open).at(-1) ?? assert.fail("no Finished");
  };
  return { server, keyExchange, finished };
}

const alertOf = (step: HandshakeStep): string => (step.kind === "fail" ? step.alert : step.kind);

describe("a server's handshake", () => {
  it("takes a right Finished under the new keys alone", () => {
    for (const [epoch, outcome] of [
      [0, "unexpectedMessage"],
      [1, "done"],
    ] as const) {
      const { server, keyExchange, finished } = almostDone();
      assert.equal(server.handle(keyExchange, 0).kind, "wait");
      assert.equal(alertOf(server.handle(finished(), epoch)), outcome);
    }
  });

  it("takes a key exchange in the clear alone", () => {
    const { server, keyExchange } = almostDone();
    assert.equal(alertOf(server.handle(keyExchange, 1)), "unexpectedMessage");
  });
});
