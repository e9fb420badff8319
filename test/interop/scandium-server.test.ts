// Our client against Scandium 3.14.0 as a server: PSK and certificates, CIDs in both directions, changes of address.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { cipherSuiteByName, RandomCids } from "@coracle/dtls";
import { trustVerifier } from "@coracle/dtls/io";
import { systemClock } from "@coracle/runtime";
import { IDENTITY, type InteropCredentials, makeCredentials } from "./credentials.ts";
import { Device, type DeviceOptions } from "./device.ts";
import { interopPeerReady } from "./peers.ts";
import { ScandiumHost } from "./scandium-host.ts";

if (interopPeerReady("scandium", "our client against a Scandium server")) {
  describe("our client against a Scandium server", () => {
    let credentials: InteropCredentials;
    let machine: ScandiumHost;
    let port = 0;
    const devices: Device[] = [];

    before(async () => {
      credentials = await makeCredentials();
      const { keyHex, bundleFile } = credentials;
      machine = await ScandiumHost.start();
      const psk = { identity: IDENTITY, key: keyHex };
      port = (await machine.run("node", { listen: "127.0.0.1:0", ...psk, credentials: bundleFile, cid: 6 })).port;
    });
    after(async () => {
      for (const device of devices) device.close();
      await machine?.stop();
      credentials?.remove();
    });

    async function connect(options: DeviceOptions): Promise<Device> {
      const device = await Device.connect(port, options);
      devices.push(device);
      return device;
    }

    for (const name of [
      "PSK_WITH_AES_128_CCM_8",
      "PSK_WITH_AES_128_CCM",
      "PSK_WITH_AES_256_CCM_8",
      "PSK_WITH_AES_128_GCM_SHA256",
      "PSK_WITH_AES_256_GCM_SHA384",
      "ECDHE_PSK_WITH_AES_128_CCM_8_SHA256",
      "ECDHE_PSK_WITH_AES_128_GCM_SHA256",
    ]) {
      it(`is served with ${name}`, async () => {
        const suite = cipherSuiteByName(name);
        assert.ok(suite !== undefined);
        const device = await connect({ psk: credentials.psk, suites: [suite], cids: new RandomCids(4) });
        assert.equal(device.summary?.suite, name);
        assert.match(await device.ask("hello"), /^node=0 peer=\d+ identity=device hello/);
      });
    }

    for (const name of ["ECDHE_ECDSA_WITH_AES_128_CCM_8", "ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]) {
      it(`is served with ${name}, and trusts its certificate`, async () => {
        const suite = cipherSuiteByName(name);
        assert.ok(suite !== undefined);
        const verifyPeer = trustVerifier({ ca: [credentials.caPem], clock: systemClock, usage: "server" });
        const device = await connect({ verifyPeer, suites: [suite], cids: new RandomCids(0) });
        assert.match(await device.ask("hello"), /hello/);
      });
    }

    for (const size of [0, 5, 8]) {
      it(`keeps its session on a new port, with an ID of ${size} bytes of its own`, async () => {
        const device = await connect({ psk: credentials.psk, cids: new RandomCids(size) });
        assert.equal(device.summary?.ownCid?.length ?? 0, size);
        assert.equal(device.summary?.peerCid?.length, 6);
        const ports = new Set<string>();
        for (let round = 0; round < 3; round++) {
          ports.add(/peer=(\d+)/.exec(await device.ask("hello"))?.[1] ?? "");
          device.move();
        }
        assert.equal(ports.size, 3, "the server followed");
      });
    }

    it("does without connection IDs", async () => {
      const device = await connect({ psk: credentials.psk });
      assert.equal(device.summary?.peerCid?.length ?? 0, 0);
      assert.match(await device.ask("hello"), /hello/);
    });
  });
}
