// The whole script of the differential test, by area.
import { applies } from "./apply.ts";
import { coreKinds } from "./core-kinds.ts";
import { deletes } from "./deletes.ts";
import { discovery } from "./discovery.ts";
import { errors } from "./errors.ts";
import { lists } from "./lists.ts";
import { options } from "./options.ts";
import { patches } from "./patches.ts";
import { rendering } from "./rendering.ts";
import { reviews } from "./reviews.ts";
import type { Area } from "./step.ts";
import { watches } from "./watches.ts";
import { writes } from "./writes.ts";

/** All areas; each runs alone too. */
export const script: readonly Area[] = [
  discovery,
  writes,
  patches,
  applies,
  lists,
  watches,
  rendering,
  options,
  deletes,
  errors,
  coreKinds,
  reviews,
];
