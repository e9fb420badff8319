// Parts that the kinds of the group share: extended metadata, conditions, error lists.
import { z } from "zod";
import type { ObjectMeta } from "../object-meta.ts";
import { ERROR_LENGTH_MAX, ERRORS_MAX } from "./group.ts";

/** The most recent write of one named section of an object, by the server's clock. */
export interface SectionWrite {
  readonly section: string;
  /** MicroTime. */
  readonly serverTime: string;
}

/** Server-owned: what a client sends is dropped. The section written last comes first. */
export interface ExtendedMetadata {
  readonly writes: readonly SectionWrite[];
}

/** One observation about an object (Kubernetes meta/v1 Condition). */
export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly observedGeneration?: number;
  /** RFC 3339; when `status` last changed. */
  readonly lastTransitionTime: string;
  /** One word in CamelCase, for programs. */
  readonly reason: string;
  /** One sentence, for people. */
  readonly message: string;
}

/** A time as text; its form is checked by the server with Kubernetes' rules. */
export const timeSchema: z.ZodType<string> = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/);

/** Schema of {@link ObjectMeta} for our own reading: anything, since the API server has checked it. */
export const metadataSchema: z.ZodType<ObjectMeta> = z.looseObject({}) as unknown as z.ZodType<ObjectMeta>;

/** Schema of {@link ExtendedMetadata}. */
export const extendedMetadataSchema: z.ZodType<ExtendedMetadata> = z
  .object({
    writes: z
      .array(
        z.object({
          section: z.string().max(64).describe("Name of the section."),
          serverTime: timeSchema.describe("Clock of the API server at the moment of the write, in microseconds."),
        }),
      )
      .max(16)
      .meta({ listType: "map", listMapKeys: ["section"] })
      .describe("Most recent write of each section, the latest first."),
  })
  .describe("What the API server knows about writes to this object. Clients cannot set it.");

/** Schema of a list of {@link Condition}. */
export const conditionsSchema: z.ZodType<readonly Condition[]> = z
  .array(
    z.object({
      type: z
        .string()
        .max(316)
        .regex(/^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/),
      status: z.enum(["True", "False", "Unknown"]),
      observedGeneration: z.int().min(0).exactOptional().describe("Generation of the object that was observed."),
      lastTransitionTime: timeSchema.describe("When the status last changed."),
      reason: z
        .string()
        .min(1)
        .max(1024)
        .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
        .describe("One word for programs."),
      message: z.string().max(32_768).describe("One sentence for people."),
    }),
  )
  .max(16)
  .meta({ listType: "map", listMapKeys: ["type"] })
  .describe("Observations about this object, one of each type.");

/** Schema of a list of error texts. */
export function errorsSchema(description: string): z.ZodType<readonly string[]> {
  return z.array(z.string().max(ERROR_LENGTH_MAX)).max(ERRORS_MAX).meta({ listType: "atomic" }).describe(description);
}
