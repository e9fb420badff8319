// Lanes: each works on its own slots, one operation at a time, at its own entries of the schedule.
import { assert, type Millis, type Random, SeededRandom } from "@coracle/base";
import { type LaneOperation, heldCount, type LaneProgram, operationAt, operationCount } from "./lane-program.ts";
import type { LoadOptions } from "./load-types.ts";
import { dealEntries, operationTimesMs } from "./schedule.ts";
import { deal, shuffle, type Slot, slotsOf, splitEvenly } from "./slots.ts";

/** Most lanes of a run. */
export const LANES_MAX = 1024;

/** A lane. */
export interface Lane {
  readonly slots: readonly Slot[];
  readonly program: LaneProgram;
  readonly operationCount: number;
  /** When each operation is due, in milliseconds from the start. */
  readonly dueMs: Float64Array;
  readonly random: Random;
  /** The attachment in each slot. */
  readonly occupants: (string | undefined)[];
  /** Index of the next operation. */
  next: number;
  /** A call is under way. */
  isBusy: boolean;
  /** Until when it waits for a first tested peer. */
  waitsUntil: Millis | undefined;
}

/** The lanes of a run: no more than there are slots, so that each has one. */
export function makeLanes(options: LoadOptions): readonly Lane[] {
  const { random } = options;
  const slots = shuffle(shuffle(slotsOf(options.networks.map(({ size }) => size)), random), random);
  const laneCount = Math.min(options.threads, slots.length, LANES_MAX);
  assert(laneCount > 0, `Cannot make lanes: slots are ${slots.length}, threads are ${options.threads}`);
  const hands = deal(slots, laneCount);
  const programs = programsOf(options, hands);
  const counts = programs.map(operationCount);
  const times = operationTimesMs({ ...options, count: counts.reduce((sum, count) => sum + count, 0) });
  const entries = dealEntries(counts);
  return hands.map((hand, index) => {
    const program = programs[index];
    const own = entries[index];
    assert(program !== undefined && own !== undefined, `Cannot make lane ${index}: it has no program`);
    return {
      slots: hand,
      program,
      operationCount: own.length,
      dueMs: Float64Array.from(own, (entry) => times[entry] ?? 0),
      // Choices of a lane do not depend on what other lanes do meanwhile: a seed gives one workload.
      random: new SeededRandom(random.uint32()),
      occupants: [],
      next: 0,
      isBusy: false,
      waitsUntil: undefined,
    };
  });
}

/** The lane's next operation. */
export function nextOperation(lane: Lane): LaneOperation {
  return operationAt(lane.program, lane.next);
}

/** The shortest time an attachment is meant to exist, in milliseconds; absent where none is deleted. */
export function lifetimeMinMs(lanes: readonly Lane[], ratePerSecond: number): number | undefined {
  const lifetimes = lanes
    .filter(({ program }) => program.createCount > 0 && program.coolsDown)
    .map(({ program }) => (heldCount(program) * lanes.length * 1000) / ratePerSecond);
  return lifetimes.length === 0 ? undefined : Math.min(...lifetimes);
}

function programsOf(options: LoadOptions, hands: readonly (readonly Slot[])[]): readonly LaneProgram[] {
  const isShock = options.waitAfterCreateMs > 0;
  return splitEvenly(options.attachmentCount, hands.length).map((createCount, index) => {
    const slotCount = hands[index]?.length ?? 0;
    return {
      slotCount,
      createCount: isShock ? Math.min(createCount, slotCount) : createCount,
      coolsDown: !isShock && !options.keep,
    };
  });
}
