// The API group of virtual networks, and the bounds its kinds share.

/** API group. */
export const NETWORK_GROUP = "network.coracle.dev";

/** API version. */
export const NETWORK_VERSION = "v1alpha1";

/** `apiVersion` of every object of the group. */
export const NETWORK_API_VERSION = "network.coracle.dev/v1alpha1" as const;

/** Virtual network identifiers have 21 bits, not VXLAN's 24: three bits are the flow pipeline's. */
export const VNI_MAX = 2_097_151;

/** Longest command: words, and characters of one word. */
export const EXEC_WORDS_MAX = 64;
export const EXEC_WORD_LENGTH_MAX = 4096;

/** Longest captured output of a command, in characters; agents cut it. */
export const EXEC_OUTPUT_LENGTH_MAX = 65_536;

/** Most error texts in a status, and characters of one. */
export const ERRORS_MAX = 64;
export const ERROR_LENGTH_MAX = 1024;
