// Client certificates, optional and required: Scandium, pion/dtls and OpenSSL at our router, our client at Scandium and pion/dtls.
import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { after, before, describe, it } from "node:test";
import { RandomCids } from "@coracle/dtls";
import { loadCredentials, trustVerifier } from "@coracle/dtls/io";
import { systemClock } from "@coracle/runtime";
import { type RouterProcess, startRouter } from "../../packages/dtls-router/src/testing/router-process.ts";
import { CLIENT_NAME, type InteropCredentials, makeCredentials } from "./credentials.ts";
import { Device } from "./device.ts";
import type { LinePeer } from "./line-log.ts";
import { LineProgram } from "./line-program.ts";
import { interopPeerReady, pionCommand } from "./peers.ts";
import { ScandiumHost } from "./scandium-host.ts";

/** What a client shows. */
type Shown = "nothing" | "its certificate" | "a stranger's certificate";
type Policy = "optional" | "required";

const SHOWN: readonly Shown[] = ["nothing", "its certificate", "a stranger's certificate"];
const POLICIES: readonly Policy[] = ["optional", "required"];
const isServed = (policy: Policy, shown: Shown): boolean =>
  shown === "its certificate" || (shown === "nothing" && policy === "optional");

const hex = (text: string): string => Buffer.from(text).toString("hex");

const stacks = (["scandium", "pion", "openssl"] as const).filter((peer) =>
  interopPeerReady(peer, "client certificates"),
);

if (stacks.length > 0) {
  let credentials: InteropCredentials;
  let machine: ScandiumHost | undefined;
  before(async () => {
    credentials = await makeCredentials();
    machine = stacks.includes("scandium") ? await ScandiumHost.start() : undefined;
  });
  after(async () => {
    await machine?.stop();
    credentials?.remove();
  });

  const files = (shown: Shown) => {
    if (shown === "nothing") return undefined;
    return shown === "its certificate" ? credentials.client : credentials.stranger;
  };

  /** A client that sends `text` once it can. */
  async function startClient(
    peer: (typeof stacks)[number],
    port: number,
    shown: Shown,
    text: string,
  ): Promise<LinePeer> {
    const [server, trust, own] = [`127.0.0.1:${port}`, credentials.caFile, files(shown)];
    switch (peer) {
      case "scandium": {
        assert.ok(machine !== undefined);
        const flags = { server, trust, cid: 0, ...(own === undefined ? {} : { credentials: own.bundleFile }) };
        const client = await machine.run("client", flags);
        client.tell(`send ${hex(text)}`);
        return client;
      }
      case "pion": {
        const shows = own === undefined ? {} : { cert: own.certFile, "key-file": own.keyFile };
        const client = new LineProgram(pionCommand("client", { server, trust, cid: 0, suite: "c0ae", ...shows }));
        client.tell(`send ${hex(text)}`);
        return client;
      }
      case "openssl": {
        const shows = own === undefined ? [] : ["-cert", own.certFile, "-key", own.keyFile];
        const connect = ["s_client", "-connect", server, "-dtls1_2", "-quiet", "-no_ign_eof", "-CAfile", trust];
        const client = new LineProgram(["openssl", ...connect, ...shows]);
        client.tell(text);
        return client;
      }
    }
  }

  for (const policy of POLICIES) {
    describe(`a router for which client certificates are ${policy}`, () => {
      let router: RouterProcess;
      let upstream: Socket;
      const heard: string[] = [];
      before(async () => {
        upstream = createSocket("udp4");
        upstream.on("message", (bytes, { port }) => {
          heard.push(bytes.toString("latin1"));
          const said = /said .*/.exec(bytes.toString("latin1"))?.[0] ?? "";
          upstream.send(`answer to ${said}\n`, port, "127.0.0.1");
        });
        await new Promise<void>((resolve) => {
          upstream.bind(0, "127.0.0.1", resolve);
        });
        const { certFile, keyFile, caFile } = credentials;
        const keys = ["--cert-file", certFile, "--key-file", keyFile, "--client-ca-file", caFile];
        const onwards = ["--upstream", `udp://127.0.0.1:${upstream.address().port}`, "--upstream-proxy-header"];
        router = await startRouter([...keys, ...onwards, "--client-certificate", policy]);
      });
      after(async () => {
        await router?.stop();
        upstream?.close();
      });

      for (const peer of stacks) {
        for (const shown of SHOWN) {
          const served = isServed(policy, shown);
          it(`${served ? "serves" : "refuses"} ${peer} that shows ${shown}`, async () => {
            const text = `said by ${peer} with ${shown}`;
            const client = await startClient(peer, router.port, shown, text);
            try {
              if (served) {
                await client.see(peer === "openssl" ? /answer to said/ : new RegExp(`^data ${hex("answer to said")}`));
                const line = heard.find((each) => each.includes(text));
                assert.equal(line?.includes(CLIENT_NAME), shown === "its certificate");
              } else {
                if (peer === "openssl") await assert.rejects(client.see(/answer/), /has ended/);
                else assert.match((await client.see(/^(failed|data)/))[0], /^failed/);
                assert.ok(!heard.some((each) => each.includes(text)));
              }
            } finally {
              await client.stop();
            }
          });
        }
      }
    });

    describe(`our client at servers for which client certificates are ${policy}`, () => {
      const programs: LinePeer[] = [];
      after(async () => {
        await Promise.all(programs.map((program) => program.stop()));
      });

      async function startServer(peer: "scandium" | "pion"): Promise<number> {
        const { bundleFile, caFile, certFile, keyFile } = credentials;
        if (peer === "scandium") {
          assert.ok(machine !== undefined);
          const mode = policy === "required" ? "NEEDED" : "WANTED";
          const flags = { listen: "127.0.0.1:0", credentials: bundleFile, trust: caFile, "client-auth": mode, cid: 6 };
          return (await machine.run("node", flags)).port;
        }
        const flags = { cert: certFile, "key-file": keyFile, "client-ca": caFile, "client-certificate": policy };
        const server = new LineProgram(pionCommand("server", { ...flags, cid: 8, suite: "c0ae" }));
        programs.push(server);
        return Number((await server.see(/^ready (\d+)$/))[1]);
      }

      for (const peer of ["scandium", "pion"] as const) {
        if (!stacks.includes(peer)) continue;
        for (const shown of SHOWN) {
          const served = isServed(policy, shown);
          it(`${served ? "is served" : "is refused"} by ${peer} when it shows ${shown}`, async () => {
            const port = await startServer(peer);
            const own = files(shown);
            const connecting = Device.connect(port, {
              verifyPeer: trustVerifier({ ca: [credentials.caPem], clock: systemClock, usage: "server" }),
              // With IDs pion/dtls wraps the alert of a failed handshake into a record of type 25 and epoch 0, which is to be dropped.
              ...(peer === "pion" ? {} : { cids: new RandomCids(4) }),
              ...(own === undefined ? {} : { credentials: loadCredentials(own.key, own.cert) }),
            });
            if (!served) {
              await assert.rejects(connecting, /alert-received/);
              return;
            }
            const device = await connecting;
            try {
              const answer = await device.ask("hello");
              if (peer === "scandium") assert.equal(answer.includes(CLIENT_NAME), shown === "its certificate");
            } finally {
              device.close();
            }
          });
        }
      }
    });
  }
}
