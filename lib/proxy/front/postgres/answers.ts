import type { Toxic } from '../../stage-host.ts'
import type { PostgresError } from '../../../toxic/postgres.ts'
import type { Said } from './history.ts'

const codeOf = (character: string): number => character.charCodeAt(0)

/** The client's messages by their type's character. */
export const CLIENT = {
  query: codeOf('Q'),
  parse: codeOf('P'),
  bind: codeOf('B'),
  describe: codeOf('D'),
  execute: codeOf('E'),
  close: codeOf('C'),
  sync: codeOf('S'),
  functionCall: codeOf('F'),
  copyDone: codeOf('c'),
  copyFail: codeOf('f'),
  /** A StartupMessage has none. */
  startup: 0,
} as const

/** The server's. */
export const SERVER = {
  parseComplete: codeOf('1'),
  bindComplete: codeOf('2'),
  closeComplete: codeOf('3'),
  rowDescription: codeOf('T'),
  noData: codeOf('n'),
  parameterDescription: codeOf('t'),
  commandComplete: codeOf('C'),
  emptyQuery: codeOf('I'),
  suspended: codeOf('s'),
  error: codeOf('E'),
  notice: codeOf('N'),
  parameterStatus: codeOf('S'),
  notification: codeOf('A'),
  dataRow: codeOf('D'),
  ready: codeOf('Z'),
  copyIn: codeOf('G'),
  copyBoth: codeOf('W'),
} as const

/** One message of a client that the server answers. */
export interface Awaited {
  /** The type of the client's message. */
  readonly asks: number
  readonly said?: Said | undefined
  /** Of what ends a request: how much had been said by then. */
  readonly place?: number
  /** The server awaits the rows of a COPY. */
  copying?: boolean
  /** The server got something that fails in its place, and the client gets this error. */
  fails?: { error: PostgresError; toxic: Toxic }
  /** The client did not send it and hears nothing of it. */
  silent?: boolean
  /** The client hears nothing of its answer; called once that has come. */
  unheard?: () => void
}

/** More than a server that goes on reading leaves unanswered. */
const MOST = 2 ** 16

/** Types that come whenever the server likes. */
const ASYNCHRONOUS: ReadonlySet<number> = new Set([
  SERVER.notice,
  SERVER.parameterStatus,
  SERVER.notification,
])
/** What a request is made of, up to its Sync. */
const STEPS: ReadonlySet<number> = new Set([
  CLIENT.parse,
  CLIENT.bind,
  CLIENT.describe,
  CLIENT.execute,
  CLIENT.close,
])
/** By the server's message, the client's that it is the whole answer to, or the end of it. */
const COMPLETES = new Map<number, number>([
  [SERVER.parseComplete, CLIENT.parse],
  [SERVER.bindComplete, CLIENT.bind],
  [SERVER.closeComplete, CLIENT.close],
  [SERVER.rowDescription, CLIENT.describe],
  [SERVER.noData, CLIENT.describe],
  [SERVER.commandComplete, CLIENT.execute],
  [SERVER.emptyQuery, CLIENT.execute],
  [SERVER.suspended, CLIENT.execute],
])

const isMarked = ({ fails, unheard }: Awaited): boolean => fails !== undefined || unheard !== undefined

/** A request ends with it: the server says that it is ready. */
const endsRequest = ({ asks }: Awaited): boolean => !STEPS.has(asks)

/** What the server has not answered, the oldest first. */
export class Answers {
  readonly #queue: Awaited[] = []
  /** What is before it has been answered. */
  #first = 0
  /** After an error the server passes over everything up to a Sync. */
  #skips = false
  #marked = 0

  /** Too much: it cannot be remembered. */
  get isFull(): boolean {
    return this.#queue.length - this.#first > MOST
  }

  /** Nothing awaits an answer that the client must not see as it comes. */
  get isPlain(): boolean {
    return this.#marked === 0
  }

  /** The client has sent it. */
  asked(one: Awaited): void {
    if (this.#skips && one.asks !== CLIENT.sync) return
    this.#skips = false
    this.#queue.push(one)
  }

  /** A toxic has something to do with its answer, if there will be one. */
  mark(one: Awaited, what: Pick<Awaited, 'fails' | 'unheard'>): void {
    if (!this.#queue.includes(one, this.#first)) return
    if (!isMarked(one)) this.#marked += 1
    Object.assign(one, what)
  }

  /** These too are sent, right before one that fails, and fail with it; the client hears nothing of them. */
  askedBefore(one: Awaited, asked: readonly number[]): void {
    const index = this.#queue.indexOf(one, this.#first)
    const { fails } = one
    if (index < 0 || !fails) return
    this.#queue.splice(index, 0, ...asked.map((asks) => ({ asks, fails, silent: true })))
    this.#marked += asked.length
  }

  /** It is not sent. */
  forget(one: Awaited): void {
    const index = this.#queue.indexOf(one, this.#first)
    if (index < 0) return
    this.#queue.splice(index, 1)
    if (isMarked(one)) this.#marked -= 1
  }

  /** The rows of a COPY have ended. A server that awaits them ignores each Sync. */
  copyEnds(): void {
    const first = this.#queue[this.#first]
    if (!first?.copying) return
    first.copying = false
    if (first.asks === CLIENT.execute) this.#queue.length = this.#first + 1
  }

  /** A request's end is awaited. */
  get awaitsReady(): boolean {
    return this.#queue.some((one, index) => index >= this.#first && endsRequest(one))
  }

  /** @returns what a message of the server answers; undefined: nothing that is known. */
  answer(type: number): Awaited | undefined {
    if (ASYNCHRONOUS.has(type)) return undefined
    if (type === SERVER.ready) return this.#ready()
    // One that the server has ignored, since it awaited the rows of a COPY.
    while (type !== SERVER.error && this.#queue[this.#first]?.asks === CLIENT.sync) this.#shift()
    const first = this.#queue[this.#first]
    if (!first) return undefined
    if (type === SERVER.copyIn || type === SERVER.copyBoth) first.copying = true
    if (type === SERVER.error && STEPS.has(first.asks)) this.#skip()
    else if (STEPS.has(first.asks) && COMPLETES.get(type) === first.asks) this.#shift()
    return first
  }

  #ready(): Awaited | undefined {
    for (let one = this.#shift(); one; one = this.#shift()) if (endsRequest(one)) return one
    return undefined
  }

  #skip(): void {
    for (;;) {
      const next = this.#queue[this.#first]
      if (next?.asks === CLIENT.sync) return
      if (!next) break
      this.#shift()
    }
    this.#skips = true
  }

  #shift(): Awaited | undefined {
    const one = this.#queue[this.#first]
    if (!one) return undefined
    this.#first += 1
    if (isMarked(one)) this.#marked -= 1
    if (this.#first === this.#queue.length || this.#first >= SLACK) {
      this.#queue.splice(0, this.#first)
      this.#first = 0
    }
    return one
  }
}

/** Emptied places at the front before the list is shifted. */
const SLACK = 1024
