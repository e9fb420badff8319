// Random writes of Kubernetes' own kinds to our API server and to a real one: every answer alike, with managedFields.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "@coracle/base";
import { type DifferentialServer, startOurs, startReal } from "../differential/servers.ts";
import { exchange, type HttpsTarget, kubernetesPeersReady } from "../peers/kubernetes/mod.ts";
import { Choice } from "./choice.ts";
import { RANDOM_KINDS, type RandomKind } from "./kinds.ts";
import { randomWrite, type Write } from "./writes.ts";

const OBJECTS_EACH = Number(process.env["CORACLE_OBJECTS"] ?? 4);
const WRITES_EACH = 12;

type Json = Record<string, unknown>;

interface Side {
  readonly target: HttpsTarget;
  /** The object as it was last returned. */
  last: Json;
}

interface Outcome {
  readonly status: number;
  readonly value: Json;
}

async function send(
  side: Side,
  method: string,
  path: string,
  sent: { contentType: string; body: string },
): Promise<Outcome> {
  const headers = { "content-type": sent.contentType };
  const answer = await exchange(side.target, { method, path, headers, body: sent.body });
  return { status: answer.status, value: JSON.parse(answer.text) as Json };
}

/** What must be alike: objects without what a server makes up, refusals by code, reason and causes. */
function comparable(outcome: Outcome, side: Side): unknown {
  const { status, value } = outcome;
  if (status >= 400) {
    const causes = (value["details"] as Json | undefined)?.["causes"];
    const fields = Array.isArray(causes) ? causes.map((cause: Json) => [cause["reason"], cause["field"]]) : [];
    return { status, reason: value["reason"], fields: fields.map((field) => JSON.stringify(field)).sort() };
  }
  const { metadata, extendedMetadata: _extended, ...content } = value;
  const { uid: _uid, resourceVersion, creationTimestamp: _created, managedFields, ...rest } = metadata as Json;
  const before = (side.last["metadata"] as Json | undefined)?.["resourceVersion"];
  return { status, changed: resourceVersion !== before, metadata: rest, content, writers: writersOf(managedFields) };
}

function writersOf(managedFields: unknown): readonly Json[] {
  const entries = Array.isArray(managedFields) ? (managedFields as Json[]) : [];
  const identity = (entry: Json): string =>
    JSON.stringify([entry["manager"], entry["operation"], entry["subresource"]]);
  return entries
    .map((entry) => ({ ...entry, time: entry["time"] === undefined ? "absent" : "present" }) as Json)
    .sort((a, b) => (identity(a) < identity(b) ? -1 : 1));
}

async function writeBoth(sides: readonly [Side, Side], write: Write, what: string): Promise<void> {
  const compared: unknown[] = [];
  for (const side of sides) {
    const outcome = await send(side, write.method, write.path, {
      contentType: write.contentType,
      body: write.body(side.last),
    });
    compared.push(comparable(outcome, side));
    if (outcome.status < 300) side.last = outcome.value;
  }
  const [real, ours] = compared;
  assert.deepEqual(ours, real, what);
}

async function writeObject(
  servers: readonly [DifferentialServer, DifferentialServer],
  kind: RandomKind,
  seed: number,
): Promise<void> {
  const name = `random-${seed}`;
  const [real, ours] = servers;
  const sides: readonly [Side, Side] = [
    { target: real.targets.admin, last: {} },
    { target: ours.targets.admin, last: {} },
  ];
  const { apiVersion, kind: word } = kind;
  const start = JSON.stringify({ apiVersion, kind: word, metadata: { name }, ...kind.start() });
  const created: unknown[] = [];
  for (const side of sides) {
    const outcome = await send(side, "POST", `${kind.path}?fieldManager=maker`, {
      contentType: "application/json",
      body: start,
    });
    created.push(comparable(outcome, side));
    side.last = outcome.value;
  }
  assert.deepEqual(created[1], created[0], `${word} ${name} created`);
  const choice = new Choice(new SeededRandom(seed));
  for (let step = 0; step < WRITES_EACH; step += 1) {
    const write = randomWrite(choice, kind, name);
    const body = write.method === "PUT" ? write.body(sides[0].last) : write.body({});
    const what = `${word} seed ${seed}, step ${step}: ${write.method} ${write.path} ${write.contentType}\n${body}\nbefore: ${JSON.stringify(sides[0].last)}`;
    await writeBoth(sides, write, what);
  }
}

if (kubernetesPeersReady("random writes to our API server and a real one")) {
  test("whatever is written to Kubernetes' own kinds, both servers answer alike", { timeout: 240_000 }, async () => {
    const seed = Number(process.env["CORACLE_SEED"] ?? 20_261_121);
    const real = await startReal();
    try {
      const ours = await startOurs();
      try {
        for (const kind of RANDOM_KINDS) {
          for (let index = 0; index < OBJECTS_EACH; index += 1) await writeObject([real, ours], kind, seed + index);
        }
      } finally {
        await ours.stop();
      }
    } finally {
      await real.stop();
    }
  });
}
