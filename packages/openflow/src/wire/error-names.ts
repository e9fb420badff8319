// Names of error types and codes (OpenFlow 1.5.1 §7.5.4), by number.

/** One error type: what failed, the prefix of its code names, and the names of its codes by number. */
export interface ErrorType {
  readonly what: string;
  readonly prefix: string;
  readonly codes: readonly string[];
}

/** Error types by number. A gap in the numbers is "-". */
export const ERROR_TYPES: readonly ErrorType[] = [
  {
    what: "hello failed",
    prefix: "OFPHFC",
    codes: "INCOMPATIBLE EPERM".split(" "),
  },
  {
    what: "bad request",
    prefix: "OFPBRC",
    codes:
      "BAD_VERSION BAD_TYPE BAD_STAT BAD_VENDOR BAD_SUBTYPE EPERM BAD_LEN BUFFER_EMPTY BUFFER_UNKNOWN BAD_TABLE_ID IS_SECONDARY BAD_PORT BAD_PACKET MULTIPART_BUFFER_OVERFLOW MULTIPART_REQUEST_TIMEOUT MULTIPART_REPLY_TIMEOUT MULTIPART_BAD_SCHED PIPELINE_FIELDS_ONLY UNKNOWN".split(
        " ",
      ),
  },
  {
    what: "bad action",
    prefix: "OFPBAC",
    codes:
      "BAD_TYPE BAD_LEN BAD_VENDOR BAD_VENDOR_TYPE BAD_OUT_PORT BAD_ARGUMENT EPERM TOO_MANY BAD_QUEUE BAD_OUT_GROUP MATCH_INCONSISTENT UNSUPPORTED_ORDER BAD_TAG BAD_SET_TYPE BAD_SET_LEN BAD_SET_ARGUMENT BAD_SET_MASK BAD_METER".split(
        " ",
      ),
  },
  {
    what: "bad instruction",
    prefix: "OFPBIC",
    codes:
      "UNKNOWN_INST UNSUP_INST BAD_TABLE_ID UNSUP_METADATA UNSUP_METADATA_MASK BAD_EXPERIMENTER BAD_EXP_TYPE BAD_LEN EPERM DUP_INST".split(
        " ",
      ),
  },
  {
    what: "bad match",
    prefix: "OFPBMC",
    codes:
      "BAD_TYPE BAD_LEN BAD_TAG BAD_DL_ADDR_MASK BAD_NW_ADDR_MASK BAD_WILDCARDS BAD_FIELD BAD_VALUE BAD_MASK BAD_PREREQ DUP_FIELD EPERM".split(
        " ",
      ),
  },
  {
    what: "flow-mod failed",
    prefix: "OFPFMFC",
    codes:
      "UNKNOWN TABLE_FULL BAD_TABLE_ID OVERLAP EPERM BAD_TIMEOUT BAD_COMMAND BAD_FLAGS CANT_SYNC BAD_PRIORITY IS_SYNC".split(
        " ",
      ),
  },
  {
    what: "group-mod failed",
    prefix: "OFPGMFC",
    codes:
      "GROUP_EXISTS INVALID_GROUP WEIGHT_UNSUPPORTED OUT_OF_GROUPS OUT_OF_BUCKETS CHAINING_UNSUPPORTED WATCH_UNSUPPORTED LOOP UNKNOWN_GROUP CHAINED_GROUP BAD_TYPE BAD_COMMAND BAD_BUCKET BAD_WATCH EPERM UNKNOWN_BUCKET BUCKET_EXISTS".split(
        " ",
      ),
  },
  {
    what: "port-mod failed",
    prefix: "OFPPMFC",
    codes: "BAD_PORT BAD_HW_ADDR BAD_CONFIG BAD_ADVERTISE EPERM".split(" "),
  },
  {
    what: "table-mod failed",
    prefix: "OFPTMFC",
    codes: "BAD_TABLE BAD_CONFIG EPERM".split(" "),
  },
  {
    what: "queue operation failed",
    prefix: "OFPQOFC",
    codes: "BAD_PORT BAD_QUEUE EPERM".split(" "),
  },
  {
    what: "switch configuration failed",
    prefix: "OFPSCFC",
    codes: "BAD_FLAGS BAD_LEN EPERM".split(" "),
  },
  {
    what: "role request failed",
    prefix: "OFPRRFC",
    codes: "STALE UNSUP BAD_ROLE ID_UNSUP ID_IN_USE".split(" "),
  },
  {
    what: "meter-mod failed",
    prefix: "OFPMMFC",
    codes:
      "UNKNOWN METER_EXISTS INVALID_METER UNKNOWN_METER BAD_COMMAND BAD_FLAGS BAD_RATE BAD_BURST BAD_BAND BAD_BAND_VALUE OUT_OF_METERS OUT_OF_BANDS".split(
        " ",
      ),
  },
  {
    what: "table features failed",
    prefix: "OFPTFFC",
    codes: "BAD_TABLE BAD_METADATA - - - EPERM BAD_CAPA BAD_MAX_ENT BAD_FEATURES BAD_COMMAND TOO_MANY".split(" "),
  },
  {
    what: "bad property",
    prefix: "OFPBPC",
    codes: "BAD_TYPE BAD_LEN BAD_VALUE TOO_MANY DUP_TYPE BAD_EXPERIMENTER BAD_EXP_TYPE BAD_EXP_VALUE EPERM".split(" "),
  },
  {
    what: "asynchronous configuration failed",
    prefix: "OFPACFC",
    codes: "INVALID UNSUPPORTED EPERM".split(" "),
  },
  {
    what: "flow monitor failed",
    prefix: "OFPMOFC",
    codes: "UNKNOWN MONITOR_EXISTS INVALID_MONITOR UNKNOWN_MONITOR BAD_COMMAND BAD_FLAGS BAD_TABLE_ID BAD_OUT".split(
      " ",
    ),
  },
  {
    what: "bundle failed",
    prefix: "OFPBFC",
    codes:
      "UNKNOWN EPERM BAD_ID BUNDLE_EXIST BUNDLE_CLOSED OUT_OF_BUNDLES BAD_TYPE BAD_FLAGS MSG_BAD_LEN MSG_BAD_XID MSG_UNSUP MSG_CONFLICT MSG_TOO_MANY MSG_FAILED TIMEOUT BUNDLE_IN_PROGRESS SCHED_NOT_SUPPORTED SCHED_FUTURE SCHED_PAST".split(
        " ",
      ),
  },
];
