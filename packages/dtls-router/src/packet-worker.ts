// The packet thread of `coracle-dtls-router`: an entry point of its own.
import { servePacketThread } from "@coracle/runtime";
import { makePacketHandler } from "./io/packet-handler.ts";

servePacketThread(makePacketHandler);
