// Routers as real processes on loopback: our device with an ID through changes of address, OpenSSL without, upstreams, files.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createSocket, type RemoteInfo } from "node:dgram";
import { writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { systemClock } from "@coracle/runtime";
import { trustVerifier } from "@coracle/dtls/io";
import { eventually, makeTestPki } from "@coracle/sim";
import { type RouterProcess, startRouter, TEST_KEY, TEST_KEY_HEX, TestFolder } from "./testing/router-process.ts";
import { UdpDevice } from "./testing/udp-device.ts";

const PSK_LINE = `device=${Buffer.from(TEST_KEY).toString("base64")}\n`;
const psk = { identity: "device", key: TEST_KEY };
const openssl = spawnSync("openssl", ["version"], { encoding: "utf8" });

describe("a router with the built-in CoAP server", () => {
  const folder = new TestFolder();
  let router: RouterProcess;
  before(async () => {
    router = await startRouter(["--psk-file", folder.write("psk.txt", `# keys\n${PSK_LINE}`)]);
  });
  after(async () => {
    await router?.stop();
    folder.remove();
  });

  it("serves a device from one address after another, and shows where its ID leads", async () => {
    const device = await UdpDevice.connect({ port: router.port, psk });
    try {
      const ports = new Set<number>();
      for (let round = 0; round < 5; round++) {
        const answer = await device.request("POST", `benchmark?rlen=${100 + round}`);
        assert.equal(answer.code, "2.04");
        assert.equal(answer.payload.length, 100 + round);
        ports.add(device.localPort);
        await device.move();
      }
      assert.equal(ports.size, 5);
      assert.equal(device.retransmissions, 0);
      const context = await device.request("GET", "mycontext");
      const cid = Buffer.from(device.summary?.peerCid ?? []).toString("hex");
      assert.match(context.payload.toString(), new RegExp(`read-cid: ${cid}`));
      const explained = (await router.json(`/cid/${cid}`)) as { owner: string; stage: string };
      assert.deepEqual([explained.owner, explained.stage], ["here", "session"]);
      const sessions = JSON.stringify(await router.json("/sessions"));
      assert.ok(!sessions.includes("device") && !sessions.includes(cid), "sessions are counted, not shown");
    } finally {
      device.close();
    }
  });

  it("answers every resource, and only with methods that it has", async () => {
    const device = await UdpDevice.connect({ port: router.port, psk, cidSizeBytes: 4 });
    try {
      const payload = new TextEncoder().encode("to and fro");
      assert.deepEqual(new Uint8Array((await device.request("POST", "echo", payload)).payload), payload);
      assert.equal((await device.request("GET", "echo")).code, "4.05");
      assert.equal((await device.request("GET", "nothing")).code, "4.04");
      assert.equal((await device.request("GET", "benchmark?rlen=1025")).code, "4.00");
      assert.match((await device.request("GET", "diagnose")).payload.toString(), /"handshakesCompleted":\d/);
      assert.match(
        (await device.request("GET", "myip")).payload.toString(),
        new RegExp(`^127.0.0.1:${device.localPort}$`),
      );
      assert.match((await device.request("GET", ".well-known/core")).payload.toString(), /<\/benchmark>/);
    } finally {
      device.close();
    }
  });

  it("takes keys that were added and refuses those that were taken away, and keeps the old of a bad file", async () => {
    const other = { identity: "a=b", key: Uint8Array.from({ length: 16 }, (_, index) => 99 - index) };
    const timesRead = (): number => router.log.filter((line) => line.includes("Keys read")).length;
    const before = timesRead();
    const path = folder.write("psk.txt", `a=b=${Buffer.from(other.key).toString("base64")}\n`);
    await eventually(() => timesRead() > before, "new keys");
    (await UdpDevice.connect({ port: router.port, psk: other })).close();
    writeFileSync(path, "not a key file\n");
    await eventually(() => router.log.some((line) => line.includes("Keys refused")), "a refusal");
    (await UdpDevice.connect({ port: router.port, psk: other })).close();
    const between = timesRead();
    writeFileSync(path, PSK_LINE);
    await eventually(() => timesRead() > between, "the old keys");
    assert.ok(!router.log.join("\n").includes("not a key file"), "the log must show nothing of the file");
    assert.ok(!router.log.join("\n").includes(Buffer.from(other.key).toString("base64")));
  });

  it("says goodbye to its devices when it ends, and ends with 0", async () => {
    const own = await startRouter(["--psk-file", folder.write("own.txt", PSK_LINE)]);
    const device = await UdpDevice.connect({ port: own.port, psk });
    try {
      assert.equal(await own.stop(), 0);
      await eventually(() => device.closed, "a close_notify");
    } finally {
      device.close();
      await own.stop();
    }
  });
});

describe("a router in front of a UDP server", () => {
  const folder = new TestFolder();
  after(() => folder.remove());

  /** A server that answers with what it got, and keeps it. */
  async function echoServer(): Promise<{
    port: number;
    got: { bytes: Buffer; from: RemoteInfo }[];
    close: () => void;
  }> {
    const socket = createSocket("udp4");
    const got: { bytes: Buffer; from: RemoteInfo }[] = [];
    socket.on("message", (bytes, from) => {
      got.push({ bytes, from });
      // Behind a PROXY header the message is the last fourteen bytes of it.
      socket.send(
        bytes.subarray(0, 2).equals(Buffer.from("\r\n")) ? bytes.subarray(-messageSize) : bytes,
        from.port,
        from.address,
      );
    });
    await new Promise<void>((resolve) => {
      socket.bind(0, "127.0.0.1", resolve);
    });
    return { port: socket.address().port, got, close: () => socket.close() };
  }
  let messageSize = 0;

  it("gives each device a source port of its own, and keeps it while the device moves", async () => {
    const server = await echoServer();
    const router = await startRouter([
      "--psk-file",
      folder.write("psk.txt", PSK_LINE),
      "--upstream",
      `udp://127.0.0.1:${server.port}`,
    ]);
    const devices: UdpDevice[] = [];
    try {
      for (let index = 0; index < 3; index++) devices.push(await UdpDevice.connect({ port: router.port, psk }));
      for (const device of devices) {
        for (let round = 0; round < 3; round++) {
          // The echo is a CoAP message whose id the device waits for.
          assert.equal((await device.request("POST", "anything", Buffer.from("x"))).payload.toString(), "x");
          await device.move();
        }
      }
      assert.equal(new Set(server.got.map(({ from }) => from.port)).size, 3);
      assert.equal(server.got.length, 9);
      const passed = (direction: string): Promise<number> =>
        router.metric(`coracle_router_port_datagrams_total{port="upstream",direction="${direction}"}`);
      assert.deepEqual([await passed("out"), await passed("in")], [9, 9]);
    } finally {
      for (const device of devices) device.close();
      await router.stop();
      server.close();
    }
  });

  it("tells the upstream address, connection ID and identity of the device by PROXY protocol", async () => {
    const server = await echoServer();
    const router = await startRouter([
      "--psk-file",
      folder.write("psk.txt", PSK_LINE),
      "--upstream",
      `udp://127.0.0.1:${server.port}`,
      "--upstream-proxy-header",
    ]);
    const device = await UdpDevice.connect({ port: router.port, psk });
    try {
      const payload = Buffer.from("hello");
      // Header, token, one path option, marker, payload.
      messageSize = 4 + 2 + 2 + 1 + payload.length;
      const answer = await device.request("POST", "e", payload);
      assert.equal(answer.payload.toString(), "hello");
      const header = server.got[0]?.bytes ?? Buffer.alloc(0);
      assert.equal(header.subarray(0, 14).toString("hex"), "0d0a0d0a000d0a515549540a2112");
      assert.equal(header.subarray(16, 24).toString("hex"), "7f0000017f000001");
      assert.equal(header.readUInt16BE(24), device.localPort);
      assert.equal(header.readUInt16BE(26), router.port);
      const fields = header.subarray(28).toString("latin1");
      assert.ok(fields.includes(Buffer.from(device.summary?.peerCid ?? []).toString("latin1")));
      assert.ok(fields.includes("\u00e1\u0000\u0003psk") && fields.includes("\u00e0\u0000\u0006device"));
    } finally {
      device.close();
      await router.stop();
      server.close();
    }
  });

  it("takes the port of the device that was idle longest when no more are allowed", async () => {
    const server = await echoServer();
    const router = await startRouter([
      "--psk-file",
      folder.write("psk.txt", PSK_LINE),
      "--upstream",
      `udp://127.0.0.1:${server.port}`,
      "--upstream-ports-max",
      "2",
      // Which port is idle longest is each worker's own business.
      "--workers",
      "1",
    ]);
    const devices: UdpDevice[] = [];
    try {
      for (let index = 0; index < 4; index++) {
        const device = await UdpDevice.connect({ port: router.port, psk });
        devices.push(device);
        await device.request("POST", "anything");
      }
      assert.equal(await router.metric('coracle_router_upstream_total{event="evicted"}'), 2);
      assert.equal(await router.metric('coracle_router_held{what="ports"}'), 2);
      await devices[0]?.request("POST", "anything");
    } finally {
      for (const device of devices) device.close();
      await router.stop();
      server.close();
    }
  });
});

describe("a router with certificates", () => {
  const folder = new TestFolder();
  after(() => folder.remove());

  it("shows its certificate, asks for the client's, and replaces its own while it runs", async () => {
    const [pki, next] = [await makeTestPki(), await makeTestPki()];
    const [cert, key] = [folder.write("cert.pem", pki.cert), folder.write("key.pem", pki.key)];
    const ca = folder.write("ca.pem", pki.ca);
    const router = await startRouter(["--cert-file", cert, "--key-file", key, "--client-ca-file", ca]);
    const verifyWith = (authority: string) => trustVerifier({ ca: [authority], clock: systemClock, usage: "server" });
    const connect = (authority: string): Promise<UdpDevice> =>
      UdpDevice.connect({ port: router.port, client: { verifyPeer: verifyWith(authority), serverName: "localhost" } });
    try {
      const device = await connect(pki.ca);
      assert.equal(device.summary?.suite, "ECDHE_ECDSA_WITH_AES_128_CCM_8");
      assert.equal((await device.request("GET", "benchmark")).code, "2.05");
      folder.write("cert.pem", next.cert);
      folder.write("key.pem", next.key);
      await eventually(() => router.log.some((line) => line.includes("Certificate replaced")), "a new certificate");
      (await connect(next.ca)).close();
      await assert.rejects(connect(pki.ca));
      assert.equal((await device.request("GET", "benchmark")).code, "2.05", "the old session goes on");
      device.close();
    } finally {
      await router.stop();
    }
  });
});

describe(`OpenSSL (${openssl.status === 0 ? openssl.stdout.trim() : "not on this machine: its cases are not run"})`, () => {
  if (openssl.status !== 0) return;
  const folder = new TestFolder();
  after(() => folder.remove());

  const cases = [
    ["PSK-AES128-CCM8", ["-psk", TEST_KEY_HEX, "-psk_identity", "device"]],
    ["ECDHE-ECDSA-AES128-CCM8", []],
  ] as const;
  for (const [cipher, credentials] of cases) {
    it(`talks ${cipher} with the router, whose upstream echoes`, async () => {
      const pki = await makeTestPki();
      const server = createSocket("udp4");
      server.on("message", (bytes, from) => server.send(`echo ${bytes.toString()}`, from.port, from.address));
      await new Promise<void>((resolve) => {
        server.bind(0, "127.0.0.1", resolve);
      });
      const router = await startRouter([
        "--psk-file",
        folder.write("psk.txt", PSK_LINE),
        "--cert-file",
        folder.write("cert.pem", pki.cert),
        "--key-file",
        folder.write("key.pem", pki.key),
        "--upstream",
        `udp://127.0.0.1:${server.address().port}`,
      ]);
      const flags = [
        "s_client",
        "-dtls1_2",
        "-quiet",
        "-connect",
        `127.0.0.1:${router.port}`,
        "-cipher",
        `${cipher}:@SECLEVEL=0`,
      ];
      const child = spawn("openssl", [...flags, ...credentials]);
      let printed = "";
      child.stdout.on("data", (piece: Buffer) => {
        printed += piece.toString();
      });
      try {
        child.stdin.write("hello through the router\n");
        await eventually(() => printed.includes("echo hello through the router"), "the echo");
        const sessions = (await router.json("/sessions")) as { sessions: number; withoutConnectionId: number };
        assert.deepEqual([sessions.sessions, sessions.withoutConnectionId], [1, 1]);
      } finally {
        child.kill("SIGKILL");
        await router.stop();
        server.close();
      }
    });
  }
});
