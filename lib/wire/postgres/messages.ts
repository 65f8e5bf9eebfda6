/**
 * The messages of the PostgreSQL protocol 3.0 under the names of the manual ("Message Formats"), with the fields that
 * somebody needs. Passwords, SASL answers and cancellation keys are never among the fields.
 */

/** The client's side of a connection, or the server's. */
export type Side = 'frontend' | 'backend'

/** I: idle, T: in a transaction, E: in one that has failed and refuses everything but its end. */
export type TransactionStatus = 'I' | 'T' | 'E'

export type NoFields = Readonly<Record<string, never>>

/** The fields of an ErrorResponse or NoticeResponse. */
export interface Notice {
  /** Never translated, if the server is 9.6 or newer: ERROR, FATAL, PANIC, WARNING, NOTICE, DEBUG, INFO or LOG. */
  severity: string
  /** The SQLSTATE. */
  code: string
  message: string
  detail?: string
  hint?: string
  table?: string
  constraint?: string
}

/** What is decoded of each type. */
export interface Fields {
  /** `protocol` as "3.0". */
  StartupMessage: { protocol: string; parameters: Record<string, string> }
  SSLRequest: NoFields
  GSSENCRequest: NoFields
  CancelRequest: { processId: number }
  PasswordMessage: NoFields
  GSSResponse: NoFields
  SASLInitialResponse: NoFields
  SASLResponse: NoFields
  Query: { query: string }
  /** `statement` is its name, empty for the unnamed one. */
  Parse: { statement: string; query: string }
  /** Of each parameter its bytes, as views like the message's own, or null; text or binary as the client chose. */
  Bind: { portal: string; statement: string; parameters: (Buffer | null)[] }
  Describe: { target: 'statement' | 'portal'; name: string }
  /** `maxRows` 0: all of them. */
  Execute: { portal: string; maxRows: number }
  Close: { target: 'statement' | 'portal'; name: string }
  Flush: NoFields
  Sync: NoFields
  FunctionCall: NoFields
  CopyFail: { message: string }
  Terminate: NoFields

  CopyData: NoFields
  CopyDone: NoFields

  /** The single byte that answers an SSLRequest; the manual gives it no name. */
  SSLResponse: { answer: 'S' | 'N' }
  /** The single byte that answers a GSSENCRequest; the manual gives it no name. */
  GSSENCResponse: { answer: 'G' | 'N' }
  NegotiateProtocolVersion: NoFields
  AuthenticationOk: NoFields
  AuthenticationKerberosV5: NoFields
  AuthenticationCleartextPassword: NoFields
  AuthenticationMD5Password: NoFields
  AuthenticationSCMCredential: NoFields
  AuthenticationGSS: NoFields
  AuthenticationGSSContinue: NoFields
  AuthenticationSSPI: NoFields
  AuthenticationSASL: NoFields
  AuthenticationSASLContinue: NoFields
  AuthenticationSASLFinal: NoFields
  ParameterStatus: { name: string; value: string }
  BackendKeyData: { processId: number }
  ReadyForQuery: { status: TransactionStatus }
  RowDescription: { columns: number }
  DataRow: { columns: number }
  CommandComplete: { tag: string }
  EmptyQueryResponse: NoFields
  ErrorResponse: Notice
  NoticeResponse: Notice
  NotificationResponse: { processId: number; channel: string }
  ParseComplete: NoFields
  BindComplete: NoFields
  CloseComplete: NoFields
  ParameterDescription: NoFields
  NoData: NoFields
  PortalSuspended: NoFields
  FunctionCallResponse: NoFields
  CopyInResponse: NoFields
  CopyOutResponse: NoFields
  CopyBothResponse: NoFields
}

/** What a message is and says. One of an unknown type has its type's character in its name, like `unknown:y`. */
export type Content =
  | { [Type in keyof Fields]: { type: Type; fields: Fields[Type] } }[keyof Fields]
  | { type: `unknown:${string}`; fields: NoFields }

/** One message as it was seen on its lane. */
export type PostgresMessage = Content & {
  side: Side
  /** Bytes on the wire, from its first one to its last. */
  size: number
  /** The lane's offset of its first byte. */
  offset: number
  /**
   * Its own bytes, secrets included: all, or those that were kept of one that is `truncated`. A view of the chunk that
   * was pushed if the message lay in it whole. Nothing here writes to them or uses them again, so they stay what they
   * are as long as the pusher leaves its chunk alone; but a view keeps the whole chunk in memory: who keeps it beyond
   * the callback copies it.
   */
  bytes: Buffer
  /** Its body is longer than the decoder's bound: the fields are read from the part that was kept, as far as it goes. */
  truncated: boolean
}
