import { Recent } from '../../../wire/postgres/recent.ts'
import { Answers, CLIENT, type Awaited } from './answers.ts'
import { History, LONGEST_TEXT, Said } from './history.ts'

/** Where the fields of a message begin: behind its type and its length. */
const FIELDS_AT = 5

/** Prepared statements and portals that are remembered; the longest unused are forgotten first. */
const MOST_PREPARED = 256
const MOST_PORTALS = 64

/** The names of a Bind are at its beginning; no server keeps longer ones than 63 bytes. */
const NAMES_BYTES = 512

/** Of what tells what the client's messages do, so many bytes of their bodies. */
const KEEPS = new Map<number, number>([
  [CLIENT.query, LONGEST_TEXT],
  [CLIENT.parse, NAMES_BYTES + LONGEST_TEXT],
  [CLIENT.bind, NAMES_BYTES],
  [CLIENT.describe, NAMES_BYTES],
  [CLIENT.execute, NAMES_BYTES],
  [CLIENT.close, NAMES_BYTES],
  [CLIENT.sync, 0],
  [CLIENT.functionCall, 0],
  [CLIENT.copyDone, 0],
  [CLIENT.copyFail, 0],
])

/** What a message of the client is. */
export interface Spoken {
  /** What it executes, prepares or binds. */
  readonly said: Said | undefined
  /** It executes that, for the first time. */
  readonly opens: boolean
  /** undefined: the server does not answer it. */
  readonly awaited: Awaited | undefined
}

const SILENT: Spoken = { said: undefined, opens: false, awaited: undefined }

/** What the client says, at the least cost: its statements as text, by the names under which it prepares and binds them. */
export class Speaker {
  readonly #answers: Answers
  readonly #prepared = new Recent<string>(MOST_PREPARED)
  readonly #portals = new Recent<Said>(MOST_PORTALS)
  #history = new History()

  constructor(answers: Answers) {
    this.#answers = answers
  }

  keeps(type: number): number | undefined {
    return KEEPS.get(type)
  }

  startup(): void {
    this.#answers.asked({ asks: CLIENT.startup })
  }

  /** The server is idle, after what it has answered now. */
  idle({ place }: Awaited): void {
    if (place === undefined) return
    this.#history = this.#history.since(place)
  }

  /** A message of the client that has a type, or its beginning. */
  says(bytes: Buffer): Spoken {
    const type = bytes[0] ?? 0
    switch (type) {
      case CLIENT.query:
        return this.#query(textAt(bytes, FIELDS_AT))
      case CLIENT.parse: {
        const query = textAt(bytes, endOfText(bytes, FIELDS_AT))
        this.#prepared.set(textAt(bytes, FIELDS_AT), query.slice(0, LONGEST_TEXT))
        return this.#asks(type, new Said(query))
      }
      case CLIENT.bind: {
        const query = this.#prepared.get(textAt(bytes, endOfText(bytes, FIELDS_AT)))
        const said = new Said(query)
        this.#portals.set(textAt(bytes, FIELDS_AT), said)
        return this.#asks(type, said)
      }
      case CLIENT.execute:
        return this.#execute(this.#portals.get(textAt(bytes, FIELDS_AT)) ?? new Said(undefined))
      case CLIENT.describe:
        return this.#asks(type, this.#named(bytes))
      case CLIENT.close:
        this.#forget(bytes)
        return this.#asks(type, undefined)
      case CLIENT.sync:
        this.#history.end()
        return this.#asks(type, undefined, this.#history.length)
      case CLIENT.functionCall:
        return this.#asks(type, undefined, this.#history.length)
      case CLIENT.copyDone:
      case CLIENT.copyFail:
        this.#answers.copyEnds()
        return SILENT
      default:
        return SILENT
    }
  }

  #query(text: string): Spoken {
    const said = new Said(text)
    said.placeIn(this.#history)
    this.#history.end()
    return { ...this.#asks(CLIENT.query, said, this.#history.length), opens: true }
  }

  #execute(said: Said): Spoken {
    const opens = !said.executed
    if (opens) said.placeIn(this.#history)
    return { ...this.#asks(CLIENT.execute, said), opens }
  }

  #asks(asks: number, said: Said | undefined, place?: number): Spoken {
    const awaited: Awaited = { asks, said, ...(place !== undefined && { place }) }
    this.#answers.asked(awaited)
    return { said, opens: false, awaited }
  }

  #named(bytes: Buffer): Said | undefined {
    const name = textAt(bytes, FIELDS_AT + 1)
    if (bytes[FIELDS_AT] === PORTAL) return this.#portals.get(name)
    return new Said(this.#prepared.get(name))
  }

  #forget(bytes: Buffer): void {
    const names = bytes[FIELDS_AT] === PORTAL ? this.#portals : this.#prepared
    names.set(textAt(bytes, FIELDS_AT + 1), undefined)
  }
}

/** Describe and Close name a portal or a statement. */
const PORTAL = 'P'.charCodeAt(0)

/** The text that begins there, as far as it was kept. */
function textAt(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at)
  return bytes.toString('utf8', at, end < 0 ? bytes.length : end)
}

/** Where what follows that text begins. */
function endOfText(bytes: Buffer, at: number): number {
  const end = bytes.indexOf(0, at)
  return end < 0 ? bytes.length : end + 1
}
