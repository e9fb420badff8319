// What one lane does, operation by operation: fill its slots, then replace attachments one by one, then delete them all.

/** The amounts that fix a lane's program. */
export interface LaneProgram {
  /** Slots the lane has. */
  readonly slotCount: number;
  /** Attachments it creates in all. */
  readonly createCount: number;
  /** False: what the lane holds at the end of its cruise stays. */
  readonly coolsDown: boolean;
}

/** One operation on a slot of the lane. */
export interface LaneOperation {
  readonly kind: "create" | "delete";
  readonly stage: Stage;
  /** Index of the slot within the lane. */
  readonly slot: number;
  /** How many attachments the slot had before this one; the one that is deleted counts from 0 as well. */
  readonly generation: number;
}

/** The three stretches of a lane's work. */
export type Stage = "warm-up" | "cruise" | "cool-down";

/** Attachments that a lane holds when its warm-up is over. */
export function heldCount(program: LaneProgram): number {
  return Math.min(program.slotCount, program.createCount);
}

/** Operations of the program. */
export function operationCount(program: LaneProgram): number {
  return 2 * program.createCount - (program.coolsDown ? 0 : heldCount(program));
}

/**
 * Operation `index`, from 0. The oldest attachment is always the one to go, so each lives as long as there are slots, in
 * operations: none is short-lived by chance.
 */
export function operationAt(program: LaneProgram, index: number): LaneOperation {
  const held = heldCount(program);
  if (index < held) return { kind: "create", stage: "warm-up", slot: index, generation: 0 };
  const replaced = program.createCount - held;
  const step = index - held;
  if (step < 2 * replaced) {
    const turn = step >> 1;
    const round = Math.floor(turn / held);
    const isCreate = (step & 1) === 1;
    return {
      kind: isCreate ? "create" : "delete",
      stage: "cruise",
      slot: turn % held,
      generation: isCreate ? round + 1 : round,
    };
  }
  const turn = replaced + (step - 2 * replaced);
  return { kind: "delete", stage: "cool-down", slot: turn % held, generation: Math.floor(turn / held) };
}
