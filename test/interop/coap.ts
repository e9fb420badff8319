// CoAP for clients that only carry bytes: one request as hexadecimal, and what an answer says.
import { generate, parse } from "coap-packet";

let messageId = 0;

/** A confirmable GET of `path`, in hexadecimal. */
export function getRequest(path: string): string {
  messageId = (messageId + 1) & 0xffff;
  const options = [{ name: "Uri-Path" as const, value: Buffer.from(path) }];
  return generate({
    code: "GET",
    confirmable: true,
    messageId,
    token: Buffer.from([messageId & 0xff]),
    options,
  }).toString("hex");
}

/** The text of an answer in hexadecimal; throws unless it is a 2.05. */
export function answerText(hex: string): string {
  const { code, payload } = parse(Buffer.from(hex, "hex"));
  if (code !== "2.05") throw new Error(`Cannot read an answer with code ${code}`);
  return payload.toString("utf8");
}
