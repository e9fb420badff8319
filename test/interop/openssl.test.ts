// OpenSSL's s_client, which knows no connection IDs, as client of a router process: PSK and ECDSA.
import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { after, before, describe, it } from "node:test";
import { eventually } from "@coracle/sim";
import { type RouterProcess, startRouter } from "../../packages/dtls-router/src/testing/router-process.ts";
import { IDENTITY, type InteropCredentials, makeCredentials } from "./credentials.ts";
import { LineProgram } from "./line-program.ts";
import { interopPeerReady } from "./peers.ts";

if (interopPeerReady("openssl", "OpenSSL's s_client against our router")) {
  describe("OpenSSL's s_client against our router", () => {
    let credentials: InteropCredentials;
    let router: RouterProcess;
    let upstream: Socket;
    const heard: string[] = [];
    before(async () => {
      credentials = await makeCredentials();
      upstream = createSocket("udp4");
      upstream.on("message", (bytes, { port }) => {
        heard.push(bytes.toString());
        upstream.send(`answer to ${bytes.toString()}`, port, "127.0.0.1");
      });
      await new Promise<void>((resolve) => {
        upstream.bind(0, "127.0.0.1", resolve);
      });
      const { pskFile, certFile, keyFile } = credentials;
      const keys = ["--psk-file", pskFile, "--cert-file", certFile, "--key-file", keyFile];
      router = await startRouter([...keys, "--upstream", `udp://127.0.0.1:${upstream.address().port}`]);
    });
    after(async () => {
      await router?.stop();
      upstream?.close();
      credentials?.remove();
    });

    function client(flags: readonly string[]): LineProgram {
      const connect = ["-connect", `127.0.0.1:${router.port}`, "-dtls1_2", "-quiet", "-no_ign_eof"];
      return new LineProgram(["openssl", "s_client", ...connect, ...flags]);
    }

    async function talks(flags: readonly string[], text: string): Promise<void> {
      const program = client(flags);
      try {
        program.tell(text);
        await program.see(new RegExp(`answer to ${text}`));
        assert.ok(heard.some((line) => line.trim() === text));
      } finally {
        await program.stop();
      }
    }

    for (const cipher of ["PSK-AES128-CCM8", "PSK-AES128-GCM-SHA256", "PSK-AES256-CCM8"]) {
      it(`talks with ${cipher}`, async () => {
        const psk = ["-psk_identity", IDENTITY, "-psk", credentials.keyHex];
        await talks([...psk, "-cipher", `${cipher}:@SECLEVEL=0`], `hello ${cipher}`);
      });
    }

    for (const cipher of ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-CCM8"]) {
      it(`talks with ${cipher}, and trusts our certificate`, async () => {
        const trust = ["-CAfile", credentials.caFile, "-verify_return_error"];
        await talks([...trust, "-cipher", `${cipher}:@SECLEVEL=0`], `hello ${cipher}`);
      });
    }

    it("is not answered with a wrong key, and leaves no session", async () => {
      const before = await router.metric('coracle_router_held{what="sessions"}');
      const wrong = credentials.keyHex.replace(/^00/, "ff");
      const program = client(["-psk_identity", IDENTITY, "-psk", wrong, "-cipher", "PSK-AES128-CCM8:@SECLEVEL=0"]);
      try {
        const held = async (): Promise<boolean> => (await router.metric('coracle_router_held{what="handshakes"}')) >= 1;
        await eventually(held, "the handshake is under way");
        assert.equal(await router.metric('coracle_router_held{what="sessions"}'), before);
      } finally {
        await program.stop();
      }
    });
  });
}
