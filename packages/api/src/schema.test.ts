// Structural schemas: validation, defaults, decode errors, normal form, and agreement with the zod schemas they come from.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { z } from "zod";
import {
  applySchemaDefaults,
  coreSchema,
  dropEmpty,
  findDecodeError,
  formatFieldErrors,
  ipLockSchema,
  IP_LOCK,
  NETWORK_ATTACHMENT,
  networkAttachmentSchema,
  SCHEMA_ERRORS_MAX,
  type StructuralSchema,
  SUBNET,
  subnetSchema,
  toStructuralSchema,
  validateSchema,
} from "./mod.ts";

const POD = coreSchema("io.k8s.api.core.v1.Pod");

function errorsOf(schema: StructuralSchema, value: unknown): string {
  return formatFieldErrors(validateSchema(schema, value, "spec.x"));
}

test("every keyword is checked, with the words of a CustomResourceDefinition", () => {
  assert.equal(
    errorsOf({ type: "integer", minimum: 1 }, 0),
    "spec.x: Invalid value: 0: spec.x in body should be greater than or equal to 1",
  );
  assert.equal(
    errorsOf({ type: "number", maximum: 1 }, 1.5),
    "spec.x: Invalid value: 1.5: spec.x in body should be less than or equal to 1",
  );
  assert.equal(
    errorsOf({ type: "integer", multipleOf: 2 }, 3),
    "spec.x: Invalid value: 3: spec.x in body should be a multiple of 2",
  );
  assert.equal(
    errorsOf({ type: "string", minLength: 2 }, "a"),
    'spec.x: Invalid value: "a": spec.x in body should be at least 2 chars long',
  );
  assert.equal(errorsOf({ type: "string", maxLength: 2 }, "😀😀"), "[]");
  assert.equal(errorsOf({ type: "string", maxLength: 2 }, "abc"), "spec.x: Too long: may not be more than 2 bytes");
  assert.equal(
    errorsOf({ type: "string", pattern: "^a+$" }, "b"),
    "spec.x: Invalid value: \"b\": spec.x in body should match '^a+$'",
  );
  assert.equal(
    errorsOf({ type: "string", enum: ["a", "b"] }, "c"),
    'spec.x: Unsupported value: "c": supported values: "a", "b"',
  );
  assert.equal(
    errorsOf({ type: "array", minItems: 1 }, []),
    "spec.x: Invalid value: 0: spec.x in body should have at least 1 items",
  );
  assert.equal(errorsOf({ type: "array", maxItems: 1 }, [1, 2]), "spec.x: Too many: 2: must have at most 1 items");
  assert.equal(
    errorsOf({ type: "array", listType: "set", items: { type: "string" } }, ["a", "a"]),
    'spec.x[1]: Duplicate value: "a"',
  );
  const map: StructuralSchema = {
    type: "array",
    listType: "map",
    listMapKeys: ["port", "protocol"],
    items: { type: "object", properties: { port: { type: "integer" }, protocol: { type: "string", default: "TCP" } } },
  };
  assert.equal(
    errorsOf(map, [{ port: 1 }, { port: 1, protocol: "UDP" }, { port: 1, protocol: "TCP" }]),
    'spec.x[2]: Duplicate value: {"port":1,"protocol":"TCP"}',
  );
  assert.equal(
    errorsOf({ type: "object", maxProperties: 1 }, { a: 1, b: 2 }),
    "spec.x: Too many: 2: must have at most 1 items",
  );
  assert.match(errorsOf({ type: "object", minProperties: 1 }, {}), /should have at least 1 properties$/);
  assert.equal(errorsOf({ type: "object", required: ["a"] }, {}), "spec.x.a: Required value");
  const nested: StructuralSchema = {
    type: "object",
    additionalProperties: { type: "array", items: { type: "boolean" } },
  };
  assert.match(
    errorsOf(nested, { k: [true, "no"] }),
    /^spec\.x\.k\[1\]: Invalid value: "string": .* must be of type boolean: "string"$/,
  );
});

test("types, null, int-or-string, unknown fields", () => {
  for (const [type, wrong, found] of [
    ["object", [], "array"],
    ["array", {}, "object"],
    ["string", 1, "integer"],
    ["integer", 1.5, "number"],
    ["number", "1", "string"],
    ["boolean", null, "null"],
  ] as const) {
    assert.equal(
      errorsOf({ type }, wrong),
      `spec.x: Invalid value: "${found}": spec.x in body must be of type ${type}: "${found}"`,
    );
  }
  assert.equal(errorsOf({ type: "string", nullable: true }, null), "[]");
  assert.equal(errorsOf({ intOrString: true }, 1), "[]");
  assert.equal(errorsOf({ intOrString: true }, "1"), "[]");
  assert.match(errorsOf({ intOrString: true }, true), /must be of type integer,string: "boolean"$/);
  assert.equal(errorsOf({ type: "object", properties: {} }, { any: 1 }), "[]");
  assert.equal(errorsOf({ preserveUnknownFields: true }, [1, { a: null }]), "[]");
});

test("a value with a thousand errors reports a bounded number", () => {
  const errors = validateSchema({ type: "array", items: { type: "string" } }, Array(1000).fill(1), "spec.x");
  assert.equal(errors.length, SCHEMA_ERRORS_MAX);
});

test("defaults fill what is absent, at any depth, and copy only what they change", () => {
  const schema: StructuralSchema = {
    type: "object",
    properties: {
      a: { type: "integer", default: 1 },
      b: { type: "object", default: {}, properties: { c: { type: "string", default: "x" } } },
      list: { type: "array", items: { type: "object", properties: { p: { type: "string", default: "TCP" } } } },
      map: {
        type: "object",
        additionalProperties: { type: "object", properties: { q: { type: "boolean", default: false } } },
      },
      plain: { type: "object", properties: {} },
    },
  };
  const value = { list: [{ p: "UDP" }, {}], map: { k: {} }, plain: { z: 1 } };
  const filled = applySchemaDefaults(schema, value) as typeof value & Record<string, unknown>;
  assert.deepEqual(filled, {
    a: 1,
    b: { c: "x" },
    list: [{ p: "UDP" }, { p: "TCP" }],
    map: { k: { q: false } },
    plain: { z: 1 },
  });
  assert.equal(filled.list[0], value.list[0]);
  assert.equal(filled.plain, value.plain);
  assert.equal(applySchemaDefaults(schema, filled), filled, "a second pass changes nothing");
  assert.deepEqual(value, { list: [{ p: "UDP" }, {}], map: { k: {} }, plain: { z: 1 } });
  assert.deepEqual(applySchemaDefaults(schema, { a: null }), { a: 1, b: { c: "x" } });
});

test("the normal form has what is always written, no nulls, no other empty values, and times in UTC", () => {
  const pod = {
    metadata: { name: "p", labels: {}, annotations: { a: "" }, creationTimestamp: null, finalizers: [] },
    spec: {
      containers: [{ name: "c", image: "", args: [], volumeMounts: null, tty: false, env: [{ value: "" }] }],
      hostNetwork: false,
      shareProcessNamespace: false,
      nodeSelector: {},
      securityContext: {},
    },
    status: { startTime: "2026-01-02T05:04:05.5+02:00" },
  };
  assert.deepEqual(dropEmpty(POD, pod), {
    metadata: { name: "p", annotations: { a: "" } },
    spec: {
      containers: [{ name: "c", env: [{ name: "" }], resources: {} }],
      shareProcessNamespace: false,
      securityContext: {},
    },
    status: { startTime: "2026-01-02T03:04:05Z" },
  });
  const normal = dropEmpty(POD, pod);
  assert.equal(dropEmpty(POD, normal), normal);
  const lease = { spec: { renewTime: "2026-01-02T03:04:05.1Z" } };
  assert.deepEqual(dropEmpty(coreSchema("io.k8s.api.coordination.v1.Lease"), lease), {
    spec: { renewTime: "2026-01-02T03:04:05.100000Z" },
  });
});

test("decode errors name the struct and the path as Go does, and never show a secret", () => {
  const secret = coreSchema("io.k8s.api.core.v1.Secret");
  assert.equal(
    findDecodeError(coreSchema("io.k8s.api.core.v1.ConfigMap"), { data: { a: 1 } }),
    "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
  );
  assert.equal(findDecodeError(secret, { data: { a: "hunter2!" } }), "illegal base64 data at input byte 7");
  assert.equal(findDecodeError(secret, { data: { a: "aGk=" } }), undefined);
  assert.equal(findDecodeError(secret, { data: { a: "aGk" } }), "illegal base64 data at input byte 3");
  assert.equal(
    findDecodeError(POD, { spec: { containers: [{ ports: [{ containerPort: "80" }] }] } }),
    "json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32",
  );
  assert.match(
    findDecodeError(POD, { spec: { terminationGracePeriodSeconds: 1.5 } }) ?? "",
    /cannot unmarshal number 1\.5 .* of type int64$/,
  );
  assert.match(
    findDecodeError(POD, { spec: { containers: [{ ports: [{ containerPort: 2 ** 31 }] }] } }) ?? "",
    /of type int32$/,
  );
  assert.match(findDecodeError(POD, { metadata: { deletionTimestamp: "soon" } }) ?? "", /^parsing time "soon"/);
  assert.match(
    findDecodeError(POD, { spec: { containers: [{ resources: { limits: { cpu: "lots" } } }] } }) ?? "",
    /^quantities must match the regular expression/,
  );
  assert.match(
    findDecodeError(POD, { spec: [] }) ?? "",
    /cannot unmarshal array into Go struct field Pod\.spec of type v1\.PodSpec$/,
  );
  assert.equal(findDecodeError(POD, { spec: null, metadata: { labels: null } }), undefined);
});

test("conversion from zod keeps every keyword, and refuses what has no structural form", () => {
  const schema = z.object({
    a: z.int().min(1).max(5).describe("an integer"),
    b: z.string().max(3).exactOptional(),
    c: z.array(z.string()).max(2).meta({ listType: "set" }).exactOptional(),
    d: z.record(z.string(), z.boolean()).exactOptional(),
    e: z.enum(["x", "y"]).nullable(),
    f: z.looseObject({}).exactOptional(),
    g: z.boolean().default(true),
  });
  assert.deepEqual(toStructuralSchema(schema), {
    type: "object",
    properties: {
      a: { type: "integer", minimum: 1, maximum: 5, description: "an integer" },
      b: { type: "string", maxLength: 3 },
      c: { type: "array", maxItems: 2, items: { type: "string" }, listType: "set" },
      d: { type: "object", additionalProperties: { type: "boolean" } },
      e: { type: "string", enum: ["x", "y"], nullable: true },
      f: { type: "object", preserveUnknownFields: true },
      g: { type: "boolean", default: true },
    },
    required: ["a", "e"],
  });
  assert.throws(
    () => toStructuralSchema(z.object({ a: z.union([z.string(), z.number()]) })),
    /Cannot convert the type at/,
  );
  assert.throws(() => toStructuralSchema(z.object({ a: z.tuple([z.string()]) })));
});

/** Values near the edges of what the kinds accept. */
const scalar = fc.oneof(
  fc.constantFrom<unknown>(
    "",
    "a",
    "2026-01-02T03:04:05Z",
    "True",
    0,
    1,
    -1,
    1.5,
    2_097_151,
    2_097_152,
    true,
    "x".repeat(300),
  ),
  fc.string({ maxLength: 8 }),
);
const CONDITION = {
  type: "Ready",
  status: "True",
  reason: "R",
  message: "",
  lastTransitionTime: "2026-01-02T03:04:05Z",
};
const replacement = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 3 }),
  fc.constantFrom<unknown>(
    undefined,
    null,
    {},
    [],
    Array(65).fill("x"),
    [CONDITION],
    [{ ...CONDITION, status: "Maybe" }],
  ),
);

const VALID = {
  Subnet: { spec: { ipv4: "10.0.0.0/24", vni: 1 }, status: { validated: true, errors: [], conditions: [CONDITION] } },
  NetworkAttachment: {
    spec: { node: "a", subnet: "s", postCreateExec: ["x"] },
    status: { errors: { ipam: [] }, ipv4: "10.0.0.1", addressVNI: 1, conditions: [CONDITION] },
  },
  IPLock: { spec: { subnetName: "s" } },
};

test("zod and the structural schema accept the same specs and statuses", () => {
  for (const [definition, parser] of [
    [SUBNET, subnetSchema],
    [NETWORK_ATTACHMENT, networkAttachmentSchema],
    [IP_LOCK, ipLockSchema],
  ] as const) {
    const valid = VALID[definition.kind as keyof typeof VALID];
    const fields = ["spec", "status"].flatMap((part) =>
      Object.keys(definition.schema.properties?.[part]?.properties ?? {}).map((field) => [part, field] as const),
    );
    let accepted = 0;
    fc.assert(
      fc.property(fc.constantFrom(...fields), replacement, ([part, field], value) => {
        const parts: { readonly [part: string]: object } = valid;
        const whole = {
          apiVersion: "network.coracle.dev/v1alpha1",
          kind: definition.kind,
          metadata: {},
          ...valid,
          [part]: Object.fromEntries(
            Object.entries({ ...parts[part], [field]: value }).filter((entry) => entry[1] !== undefined),
          ),
        };
        const byZod = parser.safeParse(whole).success;
        const bySchema = validateSchema(definition.schema, whole, "");
        accepted += byZod ? 1 : 0;
        assert.equal(bySchema.length === 0, byZod, `${part}.${field}: ${formatFieldErrors(bySchema)}`);
      }),
      { numRuns: 1000 },
    );
    assert.ok(accepted > 20 && accepted < 980, `${accepted} of 1000 were accepted`);
  }
});
