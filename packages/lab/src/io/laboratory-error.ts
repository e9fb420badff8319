// What goes wrong in a laboratory, in a sentence that says what to do.
import { RuntimeError } from "@coracle/runtime";

/** `COMMAND`: a program refused; `TIMEOUT`: something did not come in time; `MISSING`: the machine lacks something. */
export class LaboratoryError extends RuntimeError<"COMMAND" | "TIMEOUT" | "MISSING"> {
  override readonly name = "LaboratoryError";
}
