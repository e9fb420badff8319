// UDP: one contract, packet threads on native sockets, single sockets on what the runtime has.
export { copyUdpAddress, formatUdpAddress, hostText, type UdpAddress, udpAddress, udpAddressKey } from "./address.ts";
export { addUdpStats, UDP_DROP_CAUSES, UdpCounters, type UdpDropCause, type UdpStats } from "./counters.ts";
export type { BatchSizes, ReceivedDatagram, Steering, UdpBatch, UdpEndpoint, UdpSocketOptions } from "./endpoint.ts";
export { type ByteMatch, steerByDtlsCid, type SteeringRule } from "./native/steering.ts";
export { SteeringAssembler, type LoadSize, type SteeringProgram } from "./native/steering-program.ts";
export { type OpenedUdp, openUdpEndpoint, type OpenUdpOptions } from "./open-endpoint.ts";
export { describeUdpPath, type UdpImplementation, type UdpPath } from "./path.ts";
export type { BatchReceiver } from "./portable/portable-options.ts";
export { openPacketThreads, type PacketThreadsOptions } from "./threads/open-packet-threads.ts";
export type { OpenedSocket, PacketContext, PacketHandler, PacketHandlerFactory } from "./threads/packet-handler.ts";
export { PacketThreads } from "./threads/packet-threads.ts";
export { servePacketThread } from "./threads/serve-packet-thread.ts";
export { UdpError, type UdpErrorCode } from "./udp-error.ts";
