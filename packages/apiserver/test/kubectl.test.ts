// kubectl itself, driven against a standalone server: what people type, and what they must see.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { StandaloneServer } from "../src/testing/standalone-server.ts";

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const SUBNET = `
apiVersion: network.coracle.dev/v1alpha1
kind: Subnet
metadata: {name: blue, labels: {tier: web}}
spec: {ipv4: 10.1.0.0/24, vni: 4097}
`;
const ATTACHMENT = `
apiVersion: network.coracle.dev/v1alpha1
kind: NetworkAttachment
metadata: {name: cart}
spec: {node: a, subnet: blue}
`;

/** Each line starts a process; a machine may be slow. */
const LIMIT = { timeout: 60_000 };

describe("trap 1: kubectl, its cache cold", () => {
  let server: StandaloneServer;
  let home: string;
  const running = new Set<ChildProcess>();

  before(async () => {
    server = await StandaloneServer.start();
    home = await mkdtemp(join(tmpdir(), "coracle-kubectl-"));
    await writeFile(join(home, "subnet.yaml"), SUBNET);
    await writeFile(join(home, "attachment.yaml"), ATTACHMENT);
  });
  after(async () => {
    for (const child of running) child.kill("SIGKILL");
    await server.stop();
    await rm(home, { recursive: true, force: true });
  });

  function start(line: string): ChildProcess {
    const kubeconfig = join(server.folder, "admin.kubeconfig");
    const child = spawn("kubectl", ["--kubeconfig", kubeconfig, "--cache-dir", join(home, "cache"), ...words(line)], {
      cwd: home,
      env: { PATH: process.env["PATH"] ?? "", HOME: home },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(child);
    child.once("close", () => running.delete(child));
    return child;
  }

  async function run(line: string): Promise<Ran> {
    const child = start(line);
    const texts = { out: "", err: "" };
    child.stdout?.on("data", (chunk) => (texts.out += String(chunk)));
    child.stderr?.on("data", (chunk) => (texts.err += String(chunk)));
    const code = await new Promise<number>((resolve, reject) => {
      child.once("error", (cause) =>
        reject(new Error("kubectl cannot be run: apt-get install kubernetes-client", { cause })),
      );
      child.once("close", (status) => resolve(status ?? -1));
    });
    return { code, ...texts };
  }

  /** Runs a line that must succeed; its output. */
  async function ok(line: string): Promise<string> {
    const { code, out, err } = await run(line);
    assert.equal(code, 0, `kubectl ${line}\n${err}${out}`);
    return out;
  }

  /** Starts a line that watches something, and returns when it does. */
  async function watching(line: string): Promise<{ readonly ended: Promise<string> }> {
    const child = start(`${line} -v=6`);
    let out = "";
    child.stdout?.on("data", (chunk) => (out += String(chunk)));
    const ended = new Promise<string>((resolve) => child.once("close", () => resolve(out)));
    await new Promise<void>((resolve, reject) => {
      let log = "";
      child.stderr?.on("data", (chunk) => {
        log += String(chunk);
        if (/watch=true.* 200 OK/.test(log)) resolve();
      });
      child.once("close", () => reject(new Error(`kubectl ${line} ended before it watched: ${log}`)));
    });
    return { ended };
  }

  /** Splits at spaces outside single quotes. */
  function words(line: string): string[] {
    return (line.match(/(?:'[^']*'|[^\s'])+/g) ?? []).map((word) => word.replaceAll("'", ""));
  }

  it("lists what is served: api-resources, api-versions, cluster version", LIMIT, async () => {
    const resources = await ok("api-resources");
    assert.match(resources, /subnets\s+sn\s+network\.coracle\.dev\/v1alpha1\s+true\s+Subnet/);
    assert.match(resources, /networkattachments\s+na,nda\s+/);
    assert.match(await ok("api-resources --categories=coracle -o name"), /iplocks\.network\.coracle\.dev/);
    assert.match(await ok("api-versions"), /^network\.coracle\.dev\/v1alpha1$/m);
    assert.match(await ok("version"), /Server Version: v1\./);
  });

  it("creates, and gets as table, wide, yaml, json, name, jsonpath and custom columns", LIMIT, async () => {
    assert.match(await ok("create -f subnet.yaml"), /subnet\.network\.coracle\.dev\/blue created/);
    const again = await run("create -f subnet.yaml");
    assert.equal(again.code, 1);
    assert.match(again.err, /AlreadyExists/);
    assert.match(await ok("get sn"), /^NAME\s+VNI\s+CIDR\s+VALIDATED\s+AGE\nblue\s+4097\s+10\.1\.0\.0\/24\s+/);
    assert.match(await ok("get subnets -A -o wide"), /^NAMESPACE\s+NAME.*\ndefault\s+blue/);
    assert.match(await ok("get sn blue -o yaml"), /^spec:\n {2}ipv4: 10\.1\.0\.0\/24\n {2}vni: 4097$/m);
    assert.equal(JSON.parse(await ok("get sn blue -o json")).spec.vni, 4097);
    assert.equal(await ok("get sn -o name"), "subnet.network.coracle.dev/blue\n");
    assert.equal(await ok("get sn blue -o 'jsonpath={.spec.ipv4}'"), "10.1.0.0/24");
    assert.match(await ok("get sn -o custom-columns=N:.metadata.name,V:.spec.vni"), /blue\s+4097/);
    assert.match(await ok("get all -A"), /subnet\.network\.coracle\.dev\/blue/);
    assert.match(await ok("get sn -l tier=web --field-selector spec.vni=4097 -o name"), /blue/);
    assert.equal(await ok("get sn -l tier=db -o name"), "");
    const missing = await run("get sn absent");
    assert.match(missing.err, /Error from server \(NotFound\): subnets\.network\.coracle\.dev "absent" not found/);
  });

  it("pages with chunks", LIMIT, async () => {
    for (let index = 0; index < 5; index++) await ok(`create configmap page-${index}`);
    const names = await ok("get configmaps --chunk-size=2 -o name");
    assert.equal(names.match(/page-/g)?.length, 5);
  });

  it("applies on the client's side and on the server's, and tells of conflicts", LIMIT, async () => {
    assert.match(await ok("apply -f attachment.yaml"), /networkattachment\.network\.coracle\.dev\/cart created/);
    assert.match(await ok("apply -f attachment.yaml"), /unchanged/);
    await writeFile(
      join(home, "attachment.yaml"),
      ATTACHMENT.replace("{name: cart}", "{name: cart, labels: {v: '2'}}"),
    );
    const diff = await run("diff -f attachment.yaml");
    assert.equal(diff.code, 1, diff.err);
    assert.match(diff.out, /\+ {4}v: "2"/);
    assert.match(await ok("apply -f attachment.yaml"), /configured/);
    assert.match(await ok("apply --server-side --field-manager=one -f subnet.yaml"), /serverside-applied/);
    const two = SUBNET.replace("tier: web", "tier: db");
    await writeFile(join(home, "two.yaml"), two);
    const conflict = await run("apply --server-side --field-manager=two -f two.yaml");
    assert.equal(conflict.code, 1);
    assert.match(conflict.err, /conflicts with "one"/);
    assert.match(
      await ok("apply --server-side --field-manager=two --force-conflicts -f two.yaml"),
      /serverside-applied/,
    );
    assert.match(await ok("get sn blue -o yaml --show-managed-fields"), /manager: two/);
    assert.match(await ok("apply --dry-run=server -f attachment.yaml"), /unchanged \(server dry run\)/);
  });

  it("refuses unknown fields strictly, as kubectl asks", LIMIT, async () => {
    await writeFile(
      join(home, "wrong.yaml"),
      SUBNET.replace("vni: 4097", "vni: 4098, colour: red").replace("blue", "red"),
    );
    const strict = await run("create -f wrong.yaml");
    assert.equal(strict.code, 1);
    assert.match(strict.err, /unknown field "spec\.colour"/);
    const lax = await run("create --validate=warn -f wrong.yaml");
    assert.equal(lax.code, 0);
    assert.match(lax.err, /Warning: unknown field "spec\.colour"/);
    await ok("delete sn red");
  });

  it("patches in every way, edits labels and annotations, replaces", LIMIT, async () => {
    await ok("create configmap m --from-literal=a=1");
    await ok(`patch configmap m --type=merge -p '{"data":{"b":"2"}}'`);
    await ok(`patch configmap m --type=json -p '[{"op":"add","path":"/data/c","value":"3"}]'`);
    await ok(`patch configmap m --type=strategic -p '{"data":{"d":"4"}}'`);
    assert.equal(await ok("get configmap m -o 'jsonpath={.data}'"), '{"a":"1","b":"2","c":"3","d":"4"}');
    assert.match(await ok("label configmap m x=y"), /labeled/);
    assert.match(await ok("label configmap m x-"), /unlabeled/);
    assert.match(await ok("annotate configmap m note=yes"), /annotated/);
    const status = `{"status":{"validated":true}}`;
    await ok(`patch sn blue --subresource=status --type=merge -p '${status}'`);
    assert.match(await ok("get sn blue"), /true/i);
    const strategic = await run(`patch sn blue --type=strategic -p '{"metadata":{"labels":{"q":"r"}}}'`);
    assert.equal(strategic.code, 1);
    const replaced = await ok("get configmap m -o json");
    await writeFile(join(home, "m.json"), JSON.stringify({ ...JSON.parse(replaced), data: { only: "this" } }));
    assert.match(await ok("replace -f m.json"), /replaced/);
  });

  it("explains and describes", LIMIT, async () => {
    assert.match(await ok("explain subnet.spec.vni"), /FIELD: vni <integer>/);
    assert.match(await ok("explain networkattachment --recursive"), /status\s+<Object>/);
    assert.match(await ok("explain pod.spec.containers.image"), /FIELD: image <string>/);
    const described = await ok("describe sn blue");
    assert.match(described, /^Name:\s+blue$/m);
    assert.match(described, /^Events:\s+<none>$/m);
    assert.match(await ok("describe ns default"), /Status:\s+Active/);
  });

  it("watches: get -w shows what happens, and wait ends when it has", LIMIT, async () => {
    const watch = start("get sn -w --output-watch-events");
    let seen = "";
    watch.stdout?.on("data", (chunk) => (seen += String(chunk)));
    const shown = async (text: RegExp): Promise<void> => {
      while (!text.test(seen)) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await shown(/ADDED\s+blue/);
    await ok("label sn blue watched=yes");
    await shown(/MODIFIED/);
    await writeFile(join(home, "green.yaml"), SUBNET.replace("blue", "green").replace("4097", "4099"));
    await ok("create -f green.yaml");
    await shown(/ADDED\s+green/);
    const waiting = await watching("wait --for=delete sn/green --timeout=30s");
    await ok("delete sn green");
    assert.match(await waiting.ended, /condition met/);
    await shown(/DELETED\s+green/);
    watch.kill();
    assert.match(await ok("wait --for=jsonpath={.spec.vni}=4097 sn/blue --timeout=10s"), /condition met/);
  });

  it("deletes with each cascade", LIMIT, async () => {
    for (const cascade of ["background", "foreground", "orphan"]) {
      await ok(`create configmap owner-${cascade}`);
      const uid = await ok(`get configmap owner-${cascade} -o 'jsonpath={.metadata.uid}'`);
      await ok(`create configmap child-${cascade}`);
      const owner = { apiVersion: "v1", kind: "ConfigMap", name: `owner-${cascade}`, uid, blockOwnerDeletion: true };
      const patch = JSON.stringify({ metadata: { ownerReferences: [owner] } });
      await ok(`patch configmap child-${cascade} --type=merge -p '${patch}'`);
      assert.match(await ok(`delete configmap owner-${cascade} --cascade=${cascade}`), /deleted/);
      if (cascade !== "orphan") await ok(`wait --for=delete configmap/child-${cascade} --timeout=30s`);
    }
    assert.match(await ok("get configmap child-orphan -o name"), /child-orphan/);
    assert.equal(await ok("get configmap child-orphan -o 'jsonpath={.metadata.ownerReferences}'"), "");
    assert.match(await ok("delete configmaps --all"), /deleted/);
  });

  it("makes and ends namespaces, secrets, service accounts, tokens and pods", LIMIT, async () => {
    await ok("create namespace shop");
    await ok("-n shop create secret generic s --from-literal=password=p");
    assert.equal(await ok("-n shop get secret s -o 'jsonpath={.data.password}'"), "cA==");
    await ok("-n shop create serviceaccount agent");
    const token = (await ok("-n shop create token agent --duration=10m")).trim();
    assert.match(token, /^eyJ/);
    assert.match(await ok("-n shop run p --image=example.com/none --restart=Never"), /pod\/p created/);
    assert.match(await ok("-n shop get pods -o wide"), /p\s+0\/1\s+Pending/);
    assert.match(await ok("-n shop get pods --field-selector status.phase=Pending -o name"), /pod\/p/);
    assert.match(await ok("delete namespace shop"), /deleted/);
    assert.match((await run("get namespace shop")).err, /NotFound/);
  });

  it("says who one is and what one may do", LIMIT, async () => {
    assert.match(await ok("auth whoami"), /Username\s+coracle-admin/);
    assert.equal(await ok("auth can-i create subnets"), "yes\n");
    const no = await run("auth can-i list pods --as=nobody");
    assert.equal(no.out, "no\n");
    assert.match(await ok("auth can-i --list"), /\*\.\*/);
  });

  it("reads raw paths", LIMIT, async () => {
    assert.equal(await ok("get --raw /livez"), "ok");
    assert.match(await ok("get --raw /readyz?verbose"), /readyz check passed/);
    assert.match(await ok("get --raw /metrics"), /apiserver_request_total/);
  });
});
