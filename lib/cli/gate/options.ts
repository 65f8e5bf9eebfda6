import type { Sizes } from '../../cluster/cluster.ts'
import type { Rpc } from '../../ledger/entries.ts'

/** What the command line asked of the gate. */
export interface GateOptions {
  /** Names or files; empty: the core suites. */
  suites: string[]
  sizes: Sizes
  rpc: Rpc
  seed: string
  /** A regular expression over story and promise. */
  grep?: string
  repeat: number
  /** Leave a red cluster up to look at. */
  keep: boolean
  all: boolean
  json: boolean
  python: string
  toxiproxyUrl?: string
}
