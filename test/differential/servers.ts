// The two servers the script runs against: a real kube-apiserver with our kinds as custom resources, and ours.
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { NETWORK_DEFINITIONS } from "@coracle/api";
import { parse as parseYaml } from "yaml";
import { type HttpsTarget, type KubeApiserver, startKubeApiserver, waitFor } from "../peers/kubernetes/mod.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "../peers/kubernetes/temporary-folder.ts";
import { at, type Json } from "./json.ts";
import { networkManifests } from "./network-kinds.ts";
import type { Targets } from "./run-script.ts";

/** A server to run the script against. */
export interface DifferentialServer {
  readonly targets: Targets;
  stop(): Promise<void>;
}

const ANONYMOUS_HEALTH = {
  apiVersion: "apiserver.config.k8s.io/v1",
  kind: "AuthenticationConfiguration",
  anonymous: { enabled: true, conditions: ["/livez", "/readyz", "/healthz"].map((path) => ({ path })) },
};

/** The targets of a server as the script's three askers. */
export function targetsOf(admin: HttpsTarget): Targets {
  const anonymous = { url: admin.url, caPem: admin.caPem };
  return { admin, nobody: anonymous, "bad-token": { ...anonymous, token: "nobody-issued-this" } };
}

/**
 * A real kube-apiserver that serves our kinds as custom resources, set up as ours is: nobody without credentials gets in
 * but to health checks.
 */
export async function startReal(): Promise<DifferentialServer> {
  const folder = await makeTemporaryFolder("coracle-authentication-");
  const authentication = join(folder, "authentication.json");
  await writeFile(authentication, JSON.stringify(ANONYMOUS_HEALTH));
  const server = await startKubeApiserver({
    flags: { "authentication-config": authentication },
  });
  await removeTemporaryFolder(folder);
  try {
    await installNetworkKinds(server);
    const { certPem, keyPem } = await server.issueClient("coracle-admin", ["system:masters"]);
    return { targets: targetsOf({ ...server.target, certPem, keyPem }), stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Creates the CustomResourceDefinitions of our kinds and waits until they are served, in OpenAPI too. */
export async function installNetworkKinds(server: KubeApiserver): Promise<void> {
  for (const manifest of networkManifests())
    await server.json("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", manifest);
  for (const { plural } of NETWORK_DEFINITIONS) {
    await waitFor(`${plural} to be served`, async () => {
      const list = await server.request({
        method: "GET",
        path: `/apis/network.coracle.dev/v1alpha1/${plural}`,
      });
      return list.status === 200 ? true : undefined;
    });
  }
  // Field management and discovery learn of a new kind from OpenAPI, a little later.
  await waitFor("our kinds in OpenAPI and discovery", async () => {
    const openapi = await server.request({ method: "GET", path: "/openapi/v3/apis/network.coracle.dev/v1alpha1" });
    const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    const groups = await server.request({ method: "GET", path: "/apis", headers: { accept } });
    const kinds = ["Subnet", "NetworkAttachment", "IPLock"];
    const isKnown = (text: string): boolean => kinds.every((kind) => text.includes(`"${kind}"`));
    return isKnown(openapi.text) && isKnown(groups.text) ? true : undefined;
  });
}

/** Our API server, standalone, with its data in a temporary folder. */
export async function startOurs(): Promise<DifferentialServer> {
  const folder = await makeTemporaryFolder("coracle-apiserver-");
  const main = join(import.meta.dirname, "../../packages/apiserver/src/main.ts");
  // On the runtime that runs this test.
  const run = process.versions["deno"] === undefined ? [] : ["run", "-A"];
  const argv = [
    ...run,
    main,
    "--standalone",
    "--data",
    folder,
    "--controllers=false",
    "--listen",
    "127.0.0.1:0",
    "--http",
    "127.0.0.1:0",
  ];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString("utf8")).slice(-16_384);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
    }
    await removeTemporaryFolder(folder);
  };
  try {
    const admin = await waitFor(
      "coracle-apiserver",
      async () => {
        const target = await targetFromKubeconfig(join(folder, "admin.kubeconfig"));
        if (child.exitCode !== null) throw new Error(`it ended: ${output}`);
        return target;
      },
      { timeoutMs: 20_000 },
    );
    return { targets: targetsOf(admin), stop };
  } catch (error) {
    await stop();
    throw new Error(`Cannot start coracle-apiserver: ${output}`, { cause: error });
  }
}

/** Reads the current context of a kubeconfig whose credentials are in line. */
export async function targetFromKubeconfig(path: string): Promise<HttpsTarget> {
  const config = parseYaml(await readFile(path, "utf8")) as Json;
  const text = (where: string): string => {
    const value = at(config, where);
    if (typeof value !== "string") throw new Error(`Cannot read ${path}: it has no ${where}`);
    return value;
  };
  const decoded = (where: string): string => Buffer.from(text(where), "base64").toString("utf8");
  return {
    url: text("clusters.0.cluster.server"),
    caPem: decoded("clusters.0.cluster.certificate-authority-data"),
    certPem: decoded("users.0.user.client-certificate-data"),
    keyPem: decoded("users.0.user.client-key-data"),
  };
}
