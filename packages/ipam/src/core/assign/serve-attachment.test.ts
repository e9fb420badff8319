// The cap of steps for one attachment: a state in which every answer leads to the same question gives up and comes back later.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock, SeededRandom } from "@coracle/base";
import { parseSubnetRange } from "../address/subnet-range.ts";
import { SubnetTable } from "../table/subnet-table.ts";
import type { ObjectKey } from "../table/views.ts";
import { AddressState } from "./address-state.ts";
import type { Situation } from "./decision.ts";
import { serveAttachment } from "./serve-attachment.ts";

const STEPS_MAX = 16;

/** Forgets what the task has read, from one step to the next, for a number of steps. */
class ForgetfulState extends AddressState {
  looks = 0;
  readonly #forgets: number;

  constructor(forgets: number) {
    super({
      clock: new ManualClock(),
      random: new SeededRandom(1),
      subnets: new SubnetTable(),
      observer: {},
      call: () => undefined,
    });
    this.#forgets = forgets;
  }

  override situation(key: ObjectKey, live: Situation["live"]): Situation {
    this.looks++;
    return super.situation(key, this.looks <= this.#forgets ? { spared: new Set() } : live);
  }
}

/** Serves an attachment with an address whose subnet no watch shows, though the server has it; answers calls and end. */
function serve(forgets: number): { readonly calls: number; readonly end: unknown } {
  const state = new ForgetfulState(forgets);
  state.attachments.upsert({
    namespace: "n",
    name: "a",
    uid: "00000000-0000-4000-8000-000000000001",
    resourceVersion: "1",
    subnet: "s",
    lockUid: "",
    vni: 5,
    address: 0x0a00_0002,
    hasContention: false,
    errorHash: 0,
    subnetWrittenUs: 0,
    condition: undefined,
    readyBy: "nobody",
    writtenUs: 0,
  });
  const subnet = {
    namespace: "n",
    name: "s",
    uid: "00000000-0000-4000-8000-000000000002",
    resourceVersion: "1",
    vni: 5,
    cidr: "10.0.0.0/8",
    range: parseSubnetRange("10.0.0.0/8"),
    isValidated: true,
    errors: [],
    condition: undefined,
    writtenUs: 0,
    createdMs: 0,
  } as const;
  const task = serveAttachment(state, "n/a");
  let calls = 0;
  let step = task.next();
  for (; step.done !== true; step = task.next({ kind: "subnet", subnet })) calls++;
  return { calls, end: step.value };
}

test("as many steps as the cap end where they lead, one more gives up for now", () => {
  assert.deepEqual(serve(0), { calls: 1, end: "done" });
  assert.deepEqual(serve(STEPS_MAX - 1), { calls: STEPS_MAX - 1, end: "done" });
  assert.deepEqual(serve(STEPS_MAX), { calls: STEPS_MAX, end: "retry" });
  assert.deepEqual(serve(1000), { calls: STEPS_MAX, end: "retry" });
});
