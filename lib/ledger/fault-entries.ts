/** What a journal says of faults: which were set, and what they did to links and nodes. Units as in `entries.ts`. */

/** The kinds of fault, as the report names them. */
export type FaultKind = 'toxic' | 'down' | 'kill'

export interface FaultArmed {
  kind: 'fault.armed'
  /** Unique in its scenario: `f3`. */
  fault: string
  what: FaultKind
  /** As people read it: `latency 100 ms ± 50 ms`, `SIGKILL`. */
  text: string
  links: string[]
  nodes: string[]
  toxic?: {
    type: string
    attributes: Record<string, unknown>
    streams: readonly ('upstream' | 'downstream')[]
    toxicity: number
    /** By its definition it acts on single messages. */
    onMessages?: true
  }
  /** How long after its arming the seed lets it begin. */
  beginsAfterMs?: number
  /** Planned length; undefined: a moment (a kill, a reset) or until the end. */
  durationMs?: number
  /** moment: a kill, a reset. span: begins and ends while work runs. end: lasts until the judging. */
  extent: 'moment' | 'span' | 'end'
}
export interface FaultBegun {
  kind: 'fault.begun'
  fault: string
}
export interface FaultEnded {
  kind: 'fault.ended'
  fault: string
}
/** What the proxies (or the node's end) say that the fault did, from its begin to its end. */
export interface FaultEvidence {
  kind: 'fault.evidence'
  fault: string
  /** Per struck link. */
  links: Record<string, LinkEvidence>
  /** Per struck node: what it had in hand when it was struck, by the database and the effects. */
  nodes: Record<string, { signalled: boolean; exited: boolean; actionsInHand: string[] }>
}
export interface LinkEvidence {
  /** Connections that the fault ended. */
  connectionsCut: number
  chunksDelayed: number
  bytesDelayed: number
  bytesDropped: number
  /** By toxics that act on messages, where there were any; and of how many it could not be told whether they were meant. */
  messagesStruck?: number
  messagesUndecided?: number
}

/** On a cluster to play with: a fault of a link was set, changed or taken away, by whatever client of Toxiproxy's API. */
export interface LinkChanged {
  kind: 'link.changed'
  link: string
  /** expired: its lease has ended it. removed: the link's proxy is gone. */
  change:
    | 'toxic added'
    | 'toxic updated'
    | 'toxic removed'
    | 'toxic expired'
    | 'disabled'
    | 'enabled'
    | 'disabling expired'
    | 'removed'
  toxic?: {
    name: string
    type: string
    stream: 'upstream' | 'downstream'
    toxicity: number
    attributes: Record<string, number | string>
  }
  /** Until its lease ends it, where it has one. */
  endsAfterMs?: number
}
