import type { PostgresUnit } from '../../../toxic/units.ts'
import type { PostgresMessage, Side } from '../../../wire/postgres/messages.ts'
import { decodeSingle } from '../../../wire/postgres/single.ts'
import type { Awaited } from './answers.ts'
import type { Said } from './history.ts'

/** What there is of a unit before anybody asks. */
export interface UnitFacts {
  side: Side
  bytes: Buffer
  until: number
  said: Said | undefined
  opens: boolean
  /** Of a message from the client: what the server answers it with is awaited. */
  awaited?: Awaited | undefined
}

/** A message of PostgreSQL on its way; it is decoded when it is asked for. */
export class CutUnit implements PostgresUnit {
  readonly protocol = 'postgres'
  readonly until: number
  readonly opens: boolean
  readonly awaited: Awaited | undefined
  readonly #side: Side
  readonly #bytes: Buffer
  readonly #said: Said | undefined
  #message: PostgresMessage | undefined

  constructor({ side, bytes, until, said, opens, awaited }: UnitFacts) {
    this.until = until
    this.opens = opens
    this.awaited = awaited
    this.#side = side
    this.#bytes = bytes
    this.#said = said
  }

  get message(): PostgresMessage {
    return (this.#message ??= decodeSingle(this.#side, this.#bytes, this.until - this.#bytes.length))
  }

  get query(): string | undefined {
    return this.#said?.text
  }

  get tables(): readonly string[] | undefined {
    return this.#said?.tables
  }

  get earlier(): readonly string[] | undefined {
    return this.#said?.earlier
  }
}
