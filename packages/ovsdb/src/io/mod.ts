// OpenFlow over sockets.
export {};
