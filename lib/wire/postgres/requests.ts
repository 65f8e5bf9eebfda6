import type { Statement } from './statements.ts'

/**
 * What a client has sent that the server answers with one ReadyForQuery: a Query, or everything up to a Sync; the
 * StartupMessage too.
 */
interface Request {
  /** Those not yet answered, in order; undefined where nothing is known of one. */
  statements: (Statement | undefined)[]
  /** How many more there are, of which nothing is known. */
  beyond: number
  /** Sent as far as its end, except for the rows of a COPY. */
  whole: boolean
  extended: boolean
  /** The server awaits the rows of a COPY. */
  copying: boolean
  /** Where the first message that executes anything of it ends in its lane. */
  end: number
}

/** Statements and requests that are remembered while they wait for their answers; the rest is only counted. */
export const MAX_STATEMENTS = 256
const MAX_REQUESTS = 1024

/** The requests of one connection that are not answered, the oldest first. */
export class Requests {
  #requests: Request[] = []
  #statements = 0
  /** Whole requests behind those, of which nothing is known, and whether another one has begun. */
  #beyond = 0
  #begun = false

  /**
   * Adds statements to the request that is being sent, and ends it if `whole`.
   * @param end Of the message in its lane.
   */
  sent(statements: (Statement | undefined)[], whole: boolean, extended: boolean, end: number): void {
    if (this.#isFull()) {
      this.#begun = !whole
      if (whole) this.#beyond += 1
      return this.#refill()
    }
    const request = this.#open(extended, end)
    for (const statement of statements) {
      if (request.beyond > 0 || this.#statements >= MAX_STATEMENTS) request.beyond += 1
      else {
        request.statements.push(statement)
        this.#statements += 1
      }
    }
    request.whole = whole
  }

  /** The oldest statement was answered; undefined if nothing is known of it. */
  answered(): Statement | undefined {
    const [request] = this.#requests
    if (request === undefined) return undefined
    if (request.statements.length > 0) {
      this.#statements -= 1
      return request.statements.shift()
    }
    if (request.beyond > 0) request.beyond -= 1
    return undefined
  }

  /** A ReadyForQuery: what the oldest request still has was skipped by the server. */
  finished(): void {
    const request = this.#requests.shift()
    this.#statements -= request?.statements.length ?? 0
    this.#refill()
  }

  copyBegins(): void {
    const [request] = this.#requests
    if (request) request.copying = true
  }

  /** A server that awaits rows ignores each Sync, so that those sent since then have ended nothing. */
  copyEnds(): void {
    const [request] = this.#requests
    if (!request?.copying) return
    request.copying = false
    if (!request.extended) return
    this.#requests = [request]
    this.#beyond = 0
    this.#begun = false
    request.whole = false
  }

  /**
   * What was never answered, the oldest first.
   * @param handedOn So much of the lane was: of what lies beyond the server knows nothing.
   */
  unanswered(handedOn: number): readonly Readonly<Request>[] {
    const sent = this.#requests.filter(({ end }) => end <= handedOn)
    return this.#beyond === 0 || sent.length < this.#requests.length ? sent : [...sent, unknown()]
  }

  #refill(): void {
    if (this.#requests.length > 0 || this.#beyond === 0) return
    this.#beyond -= 1
    this.#requests.push(unknown())
  }

  #isFull(): boolean {
    if (this.#beyond > 0 || this.#begun) return true
    return this.#requests.length >= MAX_REQUESTS && this.#requests.at(-1)!.whole
  }

  #open(extended: boolean, end: number): Request {
    const last = this.#requests.at(-1)
    if (last && !last.whole) return last
    const request = empty(extended, end)
    this.#requests.push(request)
    return request
  }
}

const empty = (extended: boolean, end: number): Request => ({
  statements: [],
  beyond: 0,
  whole: false,
  extended,
  copying: false,
  end,
})

/** A request that was only counted. */
const unknown = (): Request => ({ ...empty(true, 0), beyond: Infinity, whole: true })
