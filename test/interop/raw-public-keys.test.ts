// Raw public keys (RFC 7250) with Scandium 3.14.0 on either side: the server's alone, and the client's too.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { RandomCids } from "@coracle/dtls";
import { loadCredentials, trustVerifier } from "@coracle/dtls/io";
import { systemClock } from "@coracle/runtime";
import { answeringText } from "./answering-text.ts";
import { type InteropCredentials, makeCredentials } from "./credentials.ts";
import { Device, type DeviceOptions } from "./device.ts";
import { DtlsResponder } from "./dtls-responder.ts";
import { interopPeerReady } from "./peers.ts";
import { type ScandiumFlags, ScandiumHost } from "./scandium-host.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

if (interopPeerReady("scandium", "raw public keys")) {
  let credentials: InteropCredentials;
  let machine: ScandiumHost;
  before(async () => {
    credentials = await makeCredentials();
    machine = await ScandiumHost.start();
  });
  after(async () => {
    await machine?.stop();
    credentials?.remove();
  });

  describe("Scandium as client of our server with raw public keys", () => {
    async function withResponder(
      clientCertificate: "none" | "required",
      body: (server: DtlsResponder, connect: (flags: ScandiumFlags) => Promise<string>) => Promise<void>,
    ): Promise<void> {
      const known = new Map([["client", credentials.client.publicKey]]);
      const server = await DtlsResponder.open({
        credentials: loadCredentials(credentials.server.key),
        clientCertificate,
        clientCertificateTypes: ["raw-public-key"],
        verifyPeer: trustVerifier({ rawPublicKeys: known, clock: systemClock, usage: "client" }),
        cids: new RandomCids(6),
      });
      const connect = async (flags: ScandiumFlags): Promise<string> => {
        const trusted = { "raw-trust": hex(credentials.server.publicKey), cid: 4 };
        const client = await machine.run("client", { server: `127.0.0.1:${server.port}`, ...trusted, ...flags });
        try {
          return await answeringText(client, "hello");
        } finally {
          await client.stop();
        }
      };
      try {
        await body(server, connect);
      } finally {
        server.close();
      }
    }

    it("believes our key and shows none", () =>
      withResponder("none", async (server, connect) => {
        assert.equal(await connect({}), "anonymous hello");
        assert.equal(server.established[0]?.identity.kind, "anonymous");
      }));

    it("shows its key and is known by it", () =>
      withResponder("required", async (server, connect) => {
        const own = { credentials: credentials.client.bundleFile, raw: 1 };
        assert.equal(await connect(own), "raw-public-key hello");
        const identity = server.established[0]?.identity;
        assert.ok(identity?.kind === "raw-public-key");
        assert.equal(hex(identity.publicKey), hex(credentials.client.publicKey));
      }));

    it("is refused with a key that is not known", () =>
      withResponder("required", async (server) => {
        const flags = { "raw-trust": hex(credentials.server.publicKey), credentials: credentials.stranger.bundleFile };
        const client = await machine.run("client", { server: `127.0.0.1:${server.port}`, cid: 4, raw: 1, ...flags });
        client.tell("send 00");
        assert.match((await client.see(/^(data|failed)/))[0], /^failed/);
        assert.equal(server.established.length, 0);
        await client.stop();
      }));

    it("refuses a key of ours that it does not know", () =>
      withResponder("none", async (server) => {
        const flags = { "raw-trust": hex(credentials.stranger.publicKey), cid: 4 };
        const client = await machine.run("client", { server: `127.0.0.1:${server.port}`, ...flags });
        client.tell("send 00");
        assert.match((await client.see(/^(data|failed)/))[0], /^failed/);
        assert.equal(server.established.length, 0);
        await client.stop();
      }));
  });

  describe("our client at a Scandium server with raw public keys", () => {
    async function connect(serverFlags: ScandiumFlags, options: Partial<DeviceOptions> = {}): Promise<Device> {
      const own = { credentials: credentials.server.bundleFile, raw: 1 };
      const server = await machine.run("node", { listen: "127.0.0.1:0", cid: 6, ...own, ...serverFlags });
      const known = new Map([["server", credentials.server.publicKey]]);
      return await Device.connect(server.port, {
        verifyPeer: trustVerifier({ rawPublicKeys: known, clock: systemClock, usage: "server" }),
        serverCertificateTypes: ["raw-public-key"],
        cids: new RandomCids(4),
        ...options,
      });
    }

    it("believes its key and shows none", async () => {
      const device = await connect({});
      try {
        assert.equal(device.summary?.identity.kind, "raw-public-key");
        assert.match(await device.ask("hello"), /identity=- hello/);
      } finally {
        device.close();
      }
    });

    it("shows its key and is known by it", async () => {
      const needs = { "client-auth": "NEEDED", "raw-trust": hex(credentials.client.publicKey) };
      const device = await connect(needs, { credentials: loadCredentials(credentials.client.key) });
      try {
        assert.match(await device.ask("hello"), /identity=ni:\S+ hello/);
      } finally {
        device.close();
      }
    });

    it("refuses a key that it does not know", async () => {
      const known = new Map([["server", credentials.stranger.publicKey]]);
      const verifyPeer = trustVerifier({ rawPublicKeys: known, clock: systemClock, usage: "server" });
      await assert.rejects(connect({}, { verifyPeer }), /alert-sent/);
    });
  });
}
