// The go.mod that is written for a Kubernetes release.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { goModText, pinGoModule, pinnedVersion } from "./go-module.ts";
import { ETCD, KUBE_APISERVER } from "./version.ts";

const UPSTREAM = `module k8s.io/kubernetes

go 1.26.0

godebug default=go1.26

require (
	k8s.io/api v0.0.0
)

replace (
	k8s.io/api => ./staging/src/k8s.io/api
	k8s.io/streaming => ./staging/src/k8s.io/streaming
)
`;

test("staging modules are replaced by their published selves", () => {
  assert.equal(
    goModText("v1.36.3", UPSTREAM),
    `module coracle.dev/peers/kube-apiserver

go 1.26.0

godebug default=go1.26

require k8s.io/kubernetes v1.36.3

replace (
	k8s.io/api => k8s.io/api v0.36.3
	k8s.io/streaming => k8s.io/streaming v0.36.3
)
`,
  );
  assert.throws(() => goModText("v1.36.3", "module x\n"), /names no staging modules/);
});

test("the locked modules are of the versions that are named", async () => {
  const etcd = await readFile(join(ETCD.folder, "go.mod"), "utf8");
  assert.match(etcd, new RegExp(`^require ${ETCD.module} ${ETCD.version}$`, "m"));
  const text = await readFile(join(KUBE_APISERVER.folder, "go.mod"), "utf8");
  assert.equal(pinnedVersion(text), KUBE_APISERVER.version);
  const noGo = (): Promise<string> => Promise.reject(new Error("go was run"));
  assert.equal(await pinGoModule(KUBE_APISERVER.version, noGo), false);
});
