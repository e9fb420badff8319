// A handshake between two Mbed TLS 3.6.6 programs, reproduced byte for byte by our client and by our server.
// PSK, CCM_8, extended master secret, cookie, connection IDs of 6 and 2 bytes, padding to 16 bytes, data, close_notify.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { millis, type Random } from "@coracle/base";
import { ExtensionType } from "./extension/extension.ts";
import { composedCrypto, systemCrypto } from "./io/mod.ts";
import { type CookieJar, cipherSuiteByName, DtlsClient, type DtlsOutput, DtlsServer, SessionStore } from "./mod.ts";
import { keyBlock, masterSecret } from "./suite/key-schedule.ts";
import { pskPremasterSecret } from "./suite/premaster-secret.ts";

const hex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits, "hex"));
const asHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const CLIENT = [
  "16fefd0000000000000000006d010000610000000000000061fefd6b00f504b09c92302a84df69ad3f8f37fd81f35a0914730b0a64c4936affbc6400000004c0a800ff010000330000000e000c0000096c6f63616c686f7374000d000e000c0603060105030501040304010036000302c1d20016000000170000",
  "16fefd0000000000000001008d010000810001000000000081fefd6b00f504b09c92302a84df69ad3f8f37fd81f35a0914730b0a64c4936affbc6400206b00f5042528e1c22c6451ecb62db4301f0ed4e37b9e5dcce6c0704383de995a0004c0a800ff010000330000000e000c0000096c6f63616c686f7374000d000e000c0603060105030501040304010036000302c1d20016000000170000",
  "16fefd000000000000000200191000000d000200000000000d000b6465766963652d3030303114fefd000000000000000300010119fefd00010000000000002a0b0c0d0e0f00300001000000000000722fa3724a841f6d2c617a8ccbd0bd60e9c697e0ca17a21e40dab66b58e3264493004868125f0156",
  "19fefd00010000000000012a0b0c0d0e0f00300001000000000001a186f2d2c3357a1d7dc121830f3dc21facda38cf9d9e346c153f44b9727467e4968b297115c8e604",
  "19fefd00010000000000022a0b0c0d0e0f0020000100000000000216d4a283cdadd57344333caa0a5ecd0eb39dfefec3610c4b",
];
const SERVER = [
  "16fefd0000000000000000002f030000230000000000000023fefd206b00f5042528e1c22c6451ecb62db4301f0ed4e37b9e5dcce6c0704383de995a",
  "16fefd000000000000000100680200005c000100000000005cfefd6b00f5045c31cda1075f90a615245c153d5124c6b6843ea6c82066692be73d7e209e566f40ac551b96870bc51fa9744ab38296304ac2c6eb0b1ec6de2f1b67a5e4c0a8000014ff0100010000360007062a0b0c0d0e0f0017000016fefd0000000000000002000c0e0000000002000000000000",
  "14fefd000000000000000300010119fefd0001000000000000c1d20030000100000000000029a8133e4546958cc304f9327be3237e22d0af6310c5fdddddf6412d19944608d2fe23ab6fb1d2c3",
  "19fefd0001000000000001c1d20030000100000000000173f008a0c3cab07343c55680fe50432dead07c366117d4a3334200e6a154c0a684236a2062ead8ce",
  "19fefd0001000000000002c1d200200001000000000002be4a6d366241898d18db64b598148f779e5d33f55c29eb64",
];
const [REQUEST, ANSWER] = ["GET / HTTP/1.0\r\nHo\r\n", "HTTP/1.0 200 OK\r\nContent-Typ\r\n"] as const;
const KEY = "000102030405060708090a0b0c0d0e0f";
const CLIENT_RANDOM = "6b00f504b09c92302a84df69ad3f8f37fd81f35a0914730b0a64c4936affbc64";
const SERVER_RANDOM = "6b00f5045c31cda1075f90a615245c153d5124c6b6843ea6c82066692be73d7e";
const SESSION_ID = "9e566f40ac551b96870bc51fa9744ab38296304ac2c6eb0b1ec6de2f1b67a5e4";
const COOKIE = "6b00f5042528e1c22c6451ecb62db4301f0ed4e37b9e5dcce6c0704383de995a";
const suite = cipherSuiteByName("TLS_PSK_WITH_AES_128_CCM_8");
const now = millis(0);

/** Gives the recorded random values in their order. */
function scripted(...values: readonly string[]): Random {
  const left = [...values];
  return {
    next: () => 0,
    uint32: () => 0,
    bytes(size) {
      const value = hex(left.shift() ?? "00".repeat(size));
      assert.equal(value.length, size);
      return value;
    },
  };
}

function drain(machine: { poll(): DtlsOutput | undefined }): { datagrams: string[]; others: DtlsOutput[] } {
  const [datagrams, others]: [string[], DtlsOutput[]] = [[], []];
  for (let output = machine.poll(); output !== undefined; output = machine.poll()) {
    if (output.kind === "send") datagrams.push(asHex(output.bytes));
    else others.push(output);
  }
  return { datagrams, others };
}

for (const crypto of [systemCrypto, composedCrypto]) {
  describe(`the golden transcript with ${crypto === composedCrypto ? "composed" : "the system's"} cryptography`, () => {
    assert.ok(suite !== undefined);

    it("is what our server answers to the recorded client", () => {
      const cookies: CookieJar = {
        make: () => hex(COOKIE),
        accepts: (_peer, hello) => asHex(hello.cookie) === COOKIE,
      };
      const server = new DtlsServer({
        crypto,
        // The key of the unused cookie jar, then ServerHello's random and session id.
        random: scripted("00".repeat(32), SERVER_RANDOM, SESSION_ID),
        psk: (identity) => (asHex(identity) === asHex(Buffer.from("device-0001")) ? hex(KEY) : undefined),
        cids: { generate: () => hex("2a0b0c0d0e0f"), sizeAt: () => 6 },
        sessions: new SessionStore(),
        cookies,
        padding: { kind: "blocks", blockSizeBytes: 16 },
      });
      const answers: string[] = [];
      const events: DtlsOutput[] = [];
      const feed = (datagram: string | undefined): void => {
        server.handle({ kind: "datagram", peer: "a", bytes: hex(datagram ?? "") }, now);
        const { datagrams, others } = drain(server);
        answers.push(...datagrams);
        events.push(...others);
      };
      for (const datagram of CLIENT.slice(0, 4)) feed(datagram);
      const data = events.find((event) => event.kind === "data");
      assert.ok(data !== undefined);
      assert.equal(new TextDecoder().decode(data.bytes), REQUEST);
      server.handle({ kind: "send", session: data.session, bytes: new TextEncoder().encode(ANSWER) }, now);
      answers.push(...drain(server).datagrams);
      feed(CLIENT[4]);
      assert.deepEqual(answers, SERVER);
      assert.ok(events.some((event) => event.kind === "closed" && event.cause === "close-notify"));
    });

    it("is what our client sends to the recorded server", () => {
      const client = new DtlsClient({
        crypto,
        random: scripted(CLIENT_RANDOM),
        psk: { identity: new TextEncoder().encode("device-0001"), key: hex(KEY) },
        suites: suite === undefined ? [] : [suite],
        serverName: "localhost",
        signatureSchemes: [0x0603, 0x0601, 0x0503, 0x0501, 0x0403, 0x0401],
        cids: { generate: () => hex("c1d2"), sizeAt: () => 2 },
        additionalExtensions: [{ type: ExtensionType.encryptThenMac, data: new Uint8Array(0) }],
        returnRoutabilityCheck: false,
        padding: { kind: "blocks", blockSizeBytes: 16 },
      });
      const sent: string[] = [];
      const events: DtlsOutput[] = [];
      const collect = (): void => {
        const { datagrams, others } = drain(client);
        sent.push(...datagrams);
        events.push(...others);
      };
      client.handle({ kind: "connect", peer: "s" }, now);
      collect();
      for (const datagram of SERVER.slice(0, 3)) {
        client.handle({ kind: "datagram", peer: "s", bytes: hex(datagram) }, now);
        collect();
      }
      client.handle({ kind: "send", bytes: new TextEncoder().encode(REQUEST) }, now);
      collect();
      client.handle({ kind: "datagram", peer: "s", bytes: hex(SERVER[3] ?? "") }, now);
      collect();
      const data = events.find((event) => event.kind === "data");
      assert.ok(data !== undefined);
      assert.equal(new TextDecoder().decode(data.bytes), ANSWER);
      client.handle({ kind: "close" }, now);
      collect();
      assert.deepEqual(sent, CLIENT);
    });

    it("has the secrets that the key schedule gives", () => {
      assert.ok(suite !== undefined);
      const sessionHash = hex("2ab601f594d136004a76185156757593f1fc104ba805961f0e90b68a07797520");
      const master = masterSecret(crypto, "sha256", pskPremasterSecret(hex(KEY)), { sessionHash });
      assert.equal(
        asHex(master),
        "2bb6e41d4d65accea7efb9e26e58410a7396d26438bea800cf66614a5a5ea94ddd2af559a99e526f9fc245d309c0e1b8",
      );
      const randoms = { client: hex(CLIENT_RANDOM), server: hex(SERVER_RANDOM) };
      const block = keyBlock(crypto, suite, { master, randoms }, 4);
      assert.equal(
        [block.client.key, block.server.key, block.client.iv, block.server.iv].map(asHex).join(""),
        "88ecb478c72860e25282d0745fa906ad432997354f7bb82ba18202a2741d90134c37de359c981d8e",
      );
      assert.equal(block.extra.length, 4);
    });
  });
}
