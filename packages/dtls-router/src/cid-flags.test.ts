// The flags of connection IDs: the sizes they lead to, and every contradiction in its own words.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseCommandLine } from "@coracle/lifecycle";
import { cidSize, quicLbSizes } from "./cid-flags.ts";
import { type DtlsRouterConfig, dtlsRouterConfig } from "./config.ts";

function parse(flags: readonly string[], env: Readonly<Record<string, string>> = {}): DtlsRouterConfig {
  const outcome = parseCommandLine(dtlsRouterConfig, ["--psk-file", "keys.txt", ...flags], env);
  assert.ok(outcome.kind === "config", JSON.stringify(outcome));
  return outcome.config;
}

function refusal(flags: readonly string[]): string {
  const outcome = parseCommandLine(dtlsRouterConfig, ["--psk-file", "keys.txt", ...flags], {});
  assert.ok(outcome.kind === "usage-error", `${flags.join(" ")} is accepted`);
  return outcome.message;
}

const PLAIN = ["--cid-layout", "quic-lb"];
const ENCRYPTED = ["--cid-layout", "quic-lb-encrypted", "--cid-key-file", "cids.json"];

describe("the flags of connection IDs", () => {
  it("leave Californium's layout with six bytes, and say another size", () => {
    assert.deepEqual([cidSize(parse([])), quicLbSizes(parse([]))], [6, undefined]);
    assert.equal(cidSize(parse(["--cid-size", "8"])), 8);
  });

  it("choose a quic-lb layout with as few bytes, or more", () => {
    for (const flags of [PLAIN, ENCRYPTED]) {
      assert.equal(cidSize(parse(flags)), 6);
      const large = parse([...flags, "--cid-server-id-size", "4", "--cid-nonce-size", "15"]);
      assert.deepEqual([cidSize(large), quicLbSizes(large)], [20, { serverIdSizeBytes: 4, nonceSizeBytes: 15 }]);
    }
    assert.equal(parse([...PLAIN, "--cid-config-id", "6"]).cidConfigId, 6);
    const env = { CORACLE_CID_LAYOUT: "quic-lb-encrypted", CORACLE_CID_KEY_FILE: "a", CORACLE_CID_NONCE_SIZE: "7" };
    assert.equal(cidSize(parse([], env)), 9);
  });

  const refused: readonly (readonly [flags: readonly string[], reason: RegExp])[] = [
    [["--cid-layout", "quic-lb-hidden"], /californium, quic-lb, quic-lb-encrypted/],
    [["--cid-layout", "quic-lb-encrypted"], /quic-lb-encrypted needs --cid-key-file/],
    [["--cid-size", "4"], /5 to 20/],
    [["--cid-size", "21"], /5 to 20/],
    [["--cid-server-id-size", "2"], /--cid-server-id-size means nothing with --cid-layout californium/],
    [["--cid-nonce-size", "5"], /--cid-nonce-size means nothing with --cid-layout californium/],
    [["--cid-config-id", "1"], /--cid-config-id means nothing with --cid-layout californium/],
    [["--cid-key-file", "a"], /--cid-key-file means nothing with --cid-layout californium/],
    [[...PLAIN, "--cid-size", "6"], /--cid-size means nothing with --cid-layout quic-lb/],
    [[...PLAIN, "--cid-key-file", "a"], /--cid-key-file means nothing with --cid-layout quic-lb/],
    [[...PLAIN, "--cid-config-id", "7"], /0 to 6/],
    [[...PLAIN, "--cid-server-id-size", "0"], /1 to 15/],
    [[...PLAIN, "--cid-nonce-size", "3"], /4 to 18/],
    [[...PLAIN, "--cid-server-id-size", "5", "--cid-nonce-size", "15"], /20 bytes together, 19 are possible/],
    [[...ENCRYPTED, "--cid-config-id", "1"], /--cid-config-id means nothing with --cid-layout quic-lb-encrypted/],
    [[...ENCRYPTED, "--cid-size", "6"], /--cid-size means nothing/],
  ];
  for (const [flags, reason] of refused) {
    it(`refuse ${flags.join(" ")}`, () => assert.match(refusal(flags), reason));
  }
});
