// A worker of `coracle-dtls-router`: an entry point of its own.
import { servePacketThread } from "@coracle/runtime";
import { makeSessionWorker } from "./io/session-worker.ts";

servePacketThread(makeSessionWorker);
