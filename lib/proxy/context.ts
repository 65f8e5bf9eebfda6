import type { Stream } from '../toxic.ts'
import type { ProxyEvent } from './events.ts'
import type { Budget, Tap } from './lane.ts'

/** What the proxies of a server share. */
export interface ProxyContext {
  seed: string
  budget: Budget
  /** Until an unanswered dial is given up. */
  dialMs: number
  onEvent?: (event: ProxyEvent) => void
  /** Gives the tap of a connection's lane, if there is to be one. */
  tap?: (proxy: string, connection: number, stream: Stream) => Tap | undefined
}
