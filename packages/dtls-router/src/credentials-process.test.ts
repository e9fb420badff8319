// Credentials of a real router while it runs: a folder of keys, client certificates and their authorities, what metrics and log tell.
import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import { loadCredentials, trustVerifier } from "@coracle/dtls/io";
import { systemClock } from "@coracle/runtime";
import { eventually, makeTestPki, type TestPki } from "@coracle/sim";
import { type RouterProcess, startRouter, TEST_KEY, TestFolder } from "./testing/router-process.ts";
import { UdpDevice } from "./testing/udp-device.ts";

const KEY_BASE64 = Buffer.from(TEST_KEY).toString("base64");
const OTHER_KEY = Uint8Array.from({ length: 16 }, (_, index) => 200 - index);
const folder = new TestFolder();
after(() => folder.remove());

/** Every form in which a secret might be shown. */
function formsOf(secret: Uint8Array): string[] {
  const bytes = Buffer.from(secret);
  return [bytes.toString("base64"), bytes.toString("hex"), [...bytes].join(","), bytes.toString("base64url")];
}

function assertSilent(router: RouterProcess, secrets: readonly string[]): void {
  const text = router.log.join("\n");
  for (const secret of secrets) assert.ok(!text.includes(secret), "a secret is in the log");
}

it("keys in a folder come and go while the router runs, and nothing of them is told", async () => {
  mkdirSync(join(folder.path, "keys"));
  const write = (identity: string, text: string): string => folder.write(join("keys", identity), text);
  const old = write("device", KEY_BASE64);
  const flags = ["--psk-dir", join(folder.path, "keys"), "--log-level", "debug"];
  const router = await startRouter(flags);
  const devices: UdpDevice[] = [];
  const connect = async (identity: string, key: Uint8Array, client = {}): Promise<UdpDevice> => {
    const device = await UdpDevice.connect({ port: router.port, psk: { identity, key }, client });
    devices.push(device);
    return device;
  };
  const reloads = (result: string): Promise<number> =>
    router.metric(`coracle_router_psk_reloads_total{result="${result}"}`);
  try {
    const first = await connect("device", TEST_KEY);
    write("another", Buffer.from(OTHER_KEY).toString("base64"));
    await eventually(async () => (await router.metric("coracle_router_psk_identities")) === 2, "the second key");
    await connect("another", OTHER_KEY);
    rmSync(old);
    await eventually(async () => (await router.metric("coracle_router_psk_identities")) === 1, "the key to go");
    const unknown = 'coracle_router_psk_lookups_total{result="unknown"}';
    assert.equal(await router.metric(unknown), 0);
    // It goes unanswered: this device does not wait for long.
    await assert.rejects(connect("device", TEST_KEY, { timing: { initialMs: 500, capMs: 500, countMax: 5 } }));
    assert.ok((await router.metric(unknown)) > 0, "a lookup of a key that is gone");
    write("broken", "no key*");
    await eventually(async () => (await reloads("refused")) > 0, "a refusal");
    assert.equal((await first.request("GET", "benchmark")).code, "2.05", "sessions go on");
    assert.equal(await router.metric('coracle_router_held{what="sessions"}'), 2);
    assertSilent(router, [...formsOf(TEST_KEY), ...formsOf(OTHER_KEY), "no key*"]);
  } finally {
    for (const device of devices) device.close();
    await router.stop();
  }
});

it("client certificates are checked against the authorities that the file names now", async () => {
  const [own, next]: TestPki[] = await Promise.all([makeTestPki(), makeTestPki({ caName: "next" })]);
  assert.ok(own !== undefined && next !== undefined);
  const [cert, key] = [folder.write("cert.pem", own.cert), folder.write("key.pem", own.key)];
  const pair = ["--cert-file", cert, "--key-file", key, "--client-ca-file", folder.write("ca.pem", own.ca)];
  const router = await startRouter([...pair, "--client-certificate", "required", "--log-level", "debug"]);
  const devices: UdpDevice[] = [];
  const verifyPeer = trustVerifier({ ca: [own.ca], clock: systemClock, usage: "server" });
  const connect = async (pki: TestPki | undefined, name: string): Promise<UdpDevice> => {
    const client = pki && (await pki.client({ commonName: name }));
    const credentials = client && loadCredentials(client.key, client.cert);
    const options = { verifyPeer, serverName: "localhost", credentials };
    const device = await UdpDevice.connect({ port: router.port, client: options });
    devices.push(device);
    return device;
  };
  try {
    const first = await connect(own, "sensor");
    assert.match((await first.request("GET", "mycontext")).payload.toString(), /peer: .*sensor/);
    await assert.rejects(connect(undefined, ""), "a certificate is required");
    await assert.rejects(connect(next, "stranger"), "of an authority that is trusted");
    const failure = /"message":"A handshake failed".*"client":"127\.0\.0\.1:\d+"/;
    await eventually(() => router.log.filter((line) => failure.test(line)).length === 2, "what failed, by client");
    folder.write("ca.pem", next.ca);
    await eventually(() => router.log.some((line) => line.includes("Authorities replaced")), "the new authorities");
    await eventually(async () => (await connect(next, "sensor")).summary !== undefined, "trust in the new authority");
    await assert.rejects(connect(own, "sensor"), "the old authority is no longer trusted");
    assert.equal((await first.request("GET", "benchmark")).code, "2.05", "the old session goes on");
    folder.write("ca.pem", "no certificate");
    await eventually(() => router.log.some((line) => line.includes("TLS material refused")), "a refusal");
    await connect(next, "sensor");
    assert.equal(await router.metric('coracle_tls_reloads_total{name="dtls",result="accepted"}'), 3);
    assert.equal(await router.metric('coracle_tls_reloads_total{name="dtls",result="refused"}'), 1);
    assert.ok((await router.metric('coracle_tls_not_after_seconds{name="dtls",part="certificate"}')) > 0);
    assertSilent(router, own.key.split("\n").slice(1, -2));
  } finally {
    for (const device of devices) device.close();
    await router.stop();
  }
});
