/**
 * Operating errors of the core. All are negative, so one i32 is a size or an error.
 * "Incomplete" and "malformed" differ: the first may become right with more octets.
 */
export const enum Err {
  OK = 0,
  /** More octets are needed before the input can be judged. */
  INCOMPLETE = -1,
  /** The octets break the format they claim to have. */
  MALFORMED = -2,
  /** The output region is too small. */
  NO_SPACE = -3,
  /** A declared limit of `limits.ts` or of the template is exceeded. */
  LIMIT = -4,
  /** A tag, version or choice this core does not know. */
  UNKNOWN = -5,
  /** A tag, MAC or check sequence does not match. */
  AUTHENTICATION = -6,
  /** An invocation counter below the lowest acceptable one. */
  REPLAY = -7,
  /** The seat, slot or region named by the host does not exist or is not in the state the call needs. */
  STATE = -8,
  /** The template image or the stored state does not fit this core. */
  VERSION = -9,
  /** No entropy has been given yet; nothing secret can be made. */
  ENTROPY = -10,
  /** A transaction-id that has been used before. */
  REPEATED = -11,
}
