#!/usr/bin/env bun
// Only to look at: time and heap bytes per decoded event, projected and whole, by mitata. `bun --expose-gc bench/src/look.ts`
import { FULL_PROJECTION } from "@coracle/kube";
import { bench, do_not_optimize, run, summary } from "mitata";
import { chunksOf } from "./watch/decode-rate.ts";
import { benchProjection, decodeEvents } from "./watch/our-decode.ts";
import { madeUpPod, recordWatch } from "./watch/recorded-events.ts";

const { bytes, events } = recordWatch(madeUpPod, 100);
const chunks = chunksOf(bytes);
const lines = new TextDecoder().decode(bytes).trimEnd().split("\n");
const projection = benchProjection();

summary(() => {
  bench(`${events} events, 7 fields`, () => do_not_optimize(decodeEvents(chunks, projection))).gc("inner");
  bench(`${events} events, everything`, () => do_not_optimize(decodeEvents(chunks, FULL_PROJECTION))).gc("inner");
  bench(`${events} lines, JSON.parse`, () => do_not_optimize(lines.map((line) => JSON.parse(line)))).gc("inner");
});
await run();
