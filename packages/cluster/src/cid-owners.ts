// Whose a connection ID is, in layouts other than Californium's, which has the node's id in the first byte.

/** {@link CidOwners.ownerAt} does not know the ID's layout. */
export const UNKNOWN_CID_CONFIG = -1;

/** Reads the owners of connection IDs. Called for each record with an ID: it never throws and should allocate nothing. */
export interface CidOwners {
  /**
   * The id of the node whose ID begins at `offset` and lies whole in `bytes`; any other number from 0 is nobody's, and
   * {@link UNKNOWN_CID_CONFIG} says that the ID cannot be read.
   */
  ownerAt(bytes: Uint8Array, offset: number): number;
}
