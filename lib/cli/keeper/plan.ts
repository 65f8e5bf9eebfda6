import type { Sizes } from '../../cluster/cluster.ts'
import type { Rpc } from '../../ledger/entries.ts'

/** What `crosswind up` asks a keeper to keep; the first message on their channel. */
export interface KeeperPlan {
  name: string
  sizes: Sizes
  rpc: Rpc
  seed: string
  python: string
  run: string
  /** Absolute. */
  folder: string
  toxiproxyUrl?: string
  /** The command that starts the same cluster again. */
  replay: string
}

/** What a keeper says until its cluster is up; then the channel closes. */
export type KeeperMessage =
  | { kind: 'step'; what: string; ms: number }
  | { kind: 'ready'; id: string }
  | { kind: 'failed'; text: string }
