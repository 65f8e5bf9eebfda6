/** What happens to a cluster's processes, in the journal's words. `node` is a node's or a service's name. */
export type ClusterEvent =
  | { kind: 'node.started'; node: string; pid: number }
  | { kind: 'node.ready'; node: string; afterMs: number }
  | { kind: 'node.signalled'; node: string; signal: string; why: string }
  | {
      kind: 'node.exited'
      node: string
      pid: number
      code: number | null
      signal: string | null
      expected: boolean
    }

export type OnEvent = (event: ClusterEvent) => void
