// Garbage collection and the end of namespaces over the wire: the server's own controllers at work (kube-api §10, traps 2 and 3).
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { StandaloneServer } from "../testing/standalone-server.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const NAMESPACES = "/api/v1/namespaces";

interface Meta {
  readonly name: string;
  readonly uid: string;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly unknown[];
}

interface Made {
  readonly metadata: Meta;
  readonly status?: { readonly phase?: string; readonly conditions?: readonly { type: string; status: string }[] };
}

describe("controllers inside the server", () => {
  let server: StandaloneServer;
  before(async () => {
    server = await StandaloneServer.start();
  });
  after(() => server.stop());

  async function make(path: string, metadata: object): Promise<Made> {
    const answer = await server.ask(path, { method: "POST", body: { metadata } });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body as Made;
  }

  async function get(path: string): Promise<Made | undefined> {
    const answer = await server.ask(path);
    return answer.status === 404 ? undefined : (answer.body as Made);
  }

  /** Waits for what a controller does in its own time; the test's limit is the only one. */
  async function until(what: () => Promise<boolean>): Promise<void> {
    while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  const gone = (path: string): Promise<void> => until(async () => (await get(path)) === undefined);

  function ownedBy(owner: Made, more: object = {}): object {
    const { name, uid } = owner.metadata;
    return { ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name, uid, ...more }] };
  }

  async function remove(path: string, propagationPolicy: string): Promise<Made> {
    const answer = await server.ask(path, { method: "DELETE", body: { propagationPolicy } });
    assert.equal(answer.status, 200);
    return answer.body as Made;
  }

  it(
    "trap 3: Background deletes the owner at once and dependents of dependents after it",
    { timeout: 30_000 },
    async () => {
      const owner = await make(MAPS, { name: "bg" });
      const child = await make(MAPS, { name: "bg-child", ...ownedBy(owner) });
      await make(MAPS, { name: "bg-grandchild", ...ownedBy(child) });
      await remove(`${MAPS}/bg`, "Background");
      assert.equal(await get(`${MAPS}/bg`), undefined);
      await gone(`${MAPS}/bg-child`);
      await gone(`${MAPS}/bg-grandchild`);
    },
  );

  it("trap 3: Foreground keeps the owner until blocking dependents are gone", { timeout: 30_000 }, async () => {
    const owner = await make(MAPS, { name: "fg" });
    const finalizers = ["example.com/hold"];
    await make(MAPS, { name: "fg-child", finalizers, ...ownedBy(owner, { blockOwnerDeletion: true }) });
    const pending = await remove(`${MAPS}/fg`, "Foreground");
    assert.deepEqual(pending.metadata.finalizers, ["foregroundDeletion"]);
    await until(
      async () => (await server.ask(`${MAPS}/fg-child`)).status === 200 && isDeleting(await get(`${MAPS}/fg-child`)),
    );
    assert.ok((await get(`${MAPS}/fg`)) !== undefined, "the owner waits");
    const headers = { "content-type": "application/merge-patch+json" };
    await server.ask(`${MAPS}/fg-child`, { method: "PATCH", body: { metadata: { finalizers: null } }, headers });
    await gone(`${MAPS}/fg-child`);
    await gone(`${MAPS}/fg`);
  });

  it("trap 3: Orphan lets dependents live without the owner", { timeout: 30_000 }, async () => {
    const owner = await make(MAPS, { name: "or" });
    await make(MAPS, { name: "or-child", ...ownedBy(owner) });
    await remove(`${MAPS}/or`, "Orphan");
    await gone(`${MAPS}/or`);
    const child = await get(`${MAPS}/or-child`);
    assert.ok(child !== undefined);
    assert.equal(child.metadata.ownerReferences, undefined);
  });

  it("collects an object whose owner never existed", { timeout: 30_000 }, async () => {
    const nobody = { metadata: { name: "nobody", uid: "11111111-2222-3333-4444-555555555555" } };
    await make(MAPS, { name: "stray", ...ownedBy(nobody) });
    await gone(`${MAPS}/stray`);
  });

  it("removes a pod at the end of its grace period, and not before", { timeout: 30_000 }, async () => {
    const pods = "/api/v1/namespaces/default/pods";
    const spec = { nodeName: "node-1", containers: [{ name: "main", image: "busybox" }] };
    const made = await server.ask(pods, { method: "POST", body: { metadata: { name: "ending" }, spec } });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const answer = await server.ask(`${pods}/ending?gracePeriodSeconds=1`, { method: "DELETE" });
    assert.equal(answer.status, 200);
    const { deletionTimestamp, deletionGracePeriodSeconds } = (
      answer.body as Record<"metadata", Record<string, unknown>>
    ).metadata;
    assert.equal(typeof deletionTimestamp, "string");
    assert.equal(deletionGracePeriodSeconds, 1);
    await gone(`${pods}/ending`);
  });

  it(
    "trap 2: a namespace waits for what finalizers hold, says so, and goes when it is empty",
    { timeout: 30_000 },
    async () => {
      await make(NAMESPACES, { name: "ending" });
      const maps = `${NAMESPACES}/ending/configmaps`;
      await make(maps, { name: "free" });
      await make(maps, { name: "held", finalizers: ["example.com/hold"] });
      const answer = await server.ask(`${NAMESPACES}/ending`, { method: "DELETE" });
      assert.equal(answer.status, 200);
      assert.equal((answer.body as Made).status?.phase, "Terminating");
      await gone(`${maps}/free`);
      await until(async () => {
        const conditions = (await get(`${NAMESPACES}/ending`))?.status?.conditions ?? [];
        return conditions.some(({ type, status }) => type === "NamespaceFinalizersRemaining" && status === "True");
      });
      const refused = await server.ask(maps, { method: "POST", body: { metadata: { name: "late" } } });
      assert.equal(refused.status, 403);
      const headers = { "content-type": "application/json-patch+json" };
      const patch = [{ op: "remove", path: "/metadata/finalizers" }];
      await server.ask(`${maps}/held`, { method: "PATCH", body: patch, headers });
      await gone(`${NAMESPACES}/ending`);
      await make(NAMESPACES, { name: "ending" });
    },
  );
});

function isDeleting(object: Made | undefined): boolean {
  return object !== undefined && "deletionTimestamp" in object.metadata;
}
