// Scandium 3.14.0 as a client with connection IDs of our router: PSK and certificates, CID sizes, changes of address.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type RouterProcess, startRouter } from "../../packages/dtls-router/src/testing/router-process.ts";
import { answerText, getRequest } from "./coap.ts";
import { IDENTITY, type InteropCredentials, makeCredentials } from "./credentials.ts";
import type { LinePeer } from "./line-log.ts";
import { interopPeerReady } from "./peers.ts";
import { Relay } from "./relay.ts";
import { ScandiumHost, type ScandiumPeer } from "./scandium-host.ts";

const DATA = /^data (\S+) (\S+) (\S+) (\S+) \S+$/;
const CID_RECORD = 25;

interface Answer {
  readonly text: string;
  readonly suite: string;
  readonly ownCid: string;
  readonly peerCid: string;
}

async function get(client: LinePeer, path: string): Promise<Answer> {
  const [, hex = "", suite = "", ownCid = "", peerCid = ""] = await client.ask(`send ${getRequest(path)}`, DATA);
  return { text: answerText(hex), suite, ownCid, peerCid };
}

if (interopPeerReady("scandium", "Scandium as client of our router")) {
  describe("Scandium as client of our router", () => {
    let credentials: InteropCredentials;
    let router: RouterProcess;
    let machine: ScandiumHost;
    const relays: Relay[] = [];

    before(async () => {
      credentials = await makeCredentials();
      const { pskFile, certFile, keyFile } = credentials;
      const keys = ["--psk-file", pskFile, "--cert-file", certFile, "--key-file", keyFile];
      router = await startRouter([...keys, "--node-id", "7"]);
      machine = await ScandiumHost.start();
    });
    after(async () => {
      await machine?.stop();
      for (const relay of relays) relay.close();
      await router?.stop();
      credentials?.remove();
    });

    function client(flags: Readonly<Record<string, string | number>>, port = router.port): Promise<ScandiumPeer> {
      return machine.run("client", { server: `127.0.0.1:${port}`, ...flags });
    }

    function psk(): Record<string, string> {
      return { identity: IDENTITY, key: credentials.keyHex };
    }

    for (const suite of ["TLS_PSK_WITH_AES_128_CCM_8", "TLS_PSK_WITH_AES_128_GCM_SHA256"]) {
      it(`is served with ${suite}`, async () => {
        const answer = await get(await client({ ...psk(), cid: 0, suite }), "mycontext");
        assert.equal(answer.suite, suite);
        assert.match(answer.text, /^node-id: 7$/m);
        assert.match(answer.text, new RegExp(`^cipher-suite: ${suite}$`, "m"));
      });
    }

    it("is served with ECDHE_PSK", async () => {
      const suite = "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256";
      assert.equal((await get(await client({ ...psk(), cid: 0, suite }), "myip")).suite, suite);
    });

    for (const suite of ["TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]) {
      it(`is served with ${suite}, and trusts our certificate`, async () => {
        const answer = await get(await client({ trust: credentials.caFile, cid: 0, suite }), "mycontext");
        assert.equal(answer.suite, suite);
        assert.equal(answer.peerCid.slice(0, 2), "07", "our node id leads the ID");
      });
    }

    for (const size of [0, 1, 4, 8]) {
      it(`asks for an ID of ${size} bytes, gets it, and sends ours`, async () => {
        const { ownCid, peerCid } = await get(await client({ ...psk(), cid: size }), "myip");
        if (size === 0) assert.equal(ownCid, "-");
        else assert.equal(ownCid.length, size * 2);
        assert.equal(peerCid.length, 12);
      });
    }

    it("does without extended master secret", async () => {
      const answer = await get(await client({ ...psk(), cid: 0, ems: "NONE" }), "mycontext");
      assert.match(answer.text, /^ext-master-secret: false$/m);
    });

    it("offers the draft's extension 53 and gets no connection ID", async () => {
      const { peerCid } = await get(await client({ ...psk(), cid: 4, "deprecated-cid": 53 }), "myip");
      assert.equal(peerCid, "-");
    });

    it("keeps its session when a NAT gives it a new source port", async () => {
      const relay = await Relay.open(router.port);
      relays.push(relay);
      const device = await client({ ...psk(), cid: 4 }, relay.port);
      const first = await get(device, "mycontext");
      for (let round = 0; round < 3; round++) {
        await relay.rebind();
        const again = await get(device, "mycontext");
        assert.equal(again.peerCid, first.peerCid);
        assert.equal(again.ownCid, first.ownCid);
        assert.match(again.text, new RegExp(`^port: ${relay.sourcePorts[0]}$`, "m"), "the answer goes to the new port");
      }
      assert.equal(relay.upward.at(-1)?.[0], CID_RECORD);
    });

    it("connects anew from a new socket, and is served there", async () => {
      const device = await client({ ...psk(), cid: 0 });
      const first = await get(device, "mycontext");
      const [, port] = await device.ask("rebind", /^rebound (\d+)$/);
      const again = await get(device, "mycontext");
      assert.notEqual(again.peerCid, first.peerCid);
      assert.match(again.text, new RegExp(`^port: ${port}$`, "m"));
    });

    it("is refused with a wrong key, silently", async () => {
      const wrong = credentials.keyHex.replace(/^00/, "ff");
      const device = await client({ identity: IDENTITY, key: wrong, cid: 0 });
      const before = await router.metric('coracle_router_held{what="sessions"}');
      device.tell(`send ${getRequest("myip")}`);
      // The next client's success shows that the router has seen the first one's flight.
      await get(await client({ ...psk(), cid: 0 }), "myip");
      assert.equal(await router.metric('coracle_router_held{what="sessions"}'), before + 1);
      assert.ok(!device.lines.some((line) => line.startsWith("data")));
    });
  });
}
