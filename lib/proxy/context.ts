import type { Stream } from '../toxic.ts'
import type { ProxyEvent } from './events.ts'
import type { NamesOf } from './front/amqp/match.ts'
import type { Consumers } from './front/consumers.ts'
import type { StrikeGroups } from './front/strike-groups.ts'
import type { Budget } from './lane.ts'
import type { Tap } from './tap.ts'

/** What the proxies of a server share. */
export interface ProxyContext {
  seed: string
  budget: Budget
  /** Until an unanswered dial is given up. */
  dialMs: number
  onEvent?: (event: ProxyEvent) => void
  /** Gives the tap of a connection's lane, if there is to be one. */
  tap?: (proxy: string, connection: number, stream: Stream) => Tap | undefined
  /** Whether a proxy's connections are followed, so that toxics can act on messages of those that are open. */
  follows?: (proxy: string) => boolean
  /** Gives the names of what a call is about; without it only ids match. */
  namesOf?: NamesOf
  readonly consumers: Consumers
  readonly groups: StrikeGroups
}
