// Makes a real kube-apiserver serve the kind of the random writes, as a CustomResourceDefinition.
import type { JsonObject, StructuralSchema } from "@coracle/api";
import type { KubeApiserver } from "@coracle/test/peers/kubernetes";
import { THING } from "./random-writes.ts";

const ATTEMPTS_MAX = 100;

/** Installs the kind and waits until it is served. */
export async function installThing(
  server: KubeApiserver,
  spec: StructuralSchema,
  status: StructuralSchema,
): Promise<void> {
  await server.json("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "things.test.coracle.dev" },
    spec: {
      group: "test.coracle.dev",
      scope: "Namespaced",
      names: { kind: THING.kind, plural: "things", singular: "thing", listKind: "ThingList" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: { type: "object", properties: { spec: schemaJson(spec), status: schemaJson(status) } },
          },
        },
      ],
    },
  });
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const answer = await server.request({ method: "GET", path: THING.path });
    const openApi = await server.request({ method: "GET", path: "/openapi/v3" });
    // Server-side apply knows the kind's lists and maps from then on.
    if (answer.status === 200 && openApi.text.includes("test.coracle.dev/v1")) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("Cannot go on as the kind is not served");
}

const EXTENSIONS: readonly (readonly [keyof StructuralSchema, string])[] = [
  ["intOrString", "x-kubernetes-int-or-string"],
  ["preserveUnknownFields", "x-kubernetes-preserve-unknown-fields"],
  ["listType", "x-kubernetes-list-type"],
  ["listMapKeys", "x-kubernetes-list-map-keys"],
  ["mapType", "x-kubernetes-map-type"],
];

function schemaJson(schema: StructuralSchema): JsonObject {
  const { properties, items, additionalProperties, ...plain } = schema;
  const extensions = new Map<string, string>(EXTENSIONS);
  const own = Object.entries(plain).map(([name, value]) => [extensions.get(name) ?? name, value]);
  return {
    ...Object.fromEntries(own),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(Object.entries(properties).map(([name, child]) => [name, schemaJson(child)])),
        }),
    ...(items === undefined ? {} : { items: schemaJson(items) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: schemaJson(additionalProperties) }),
  };
}
