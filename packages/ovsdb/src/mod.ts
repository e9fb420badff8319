// Layer 1: the Open vSwitch database protocol.
export {};
