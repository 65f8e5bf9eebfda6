import type { Notice, PostgresMessage, TransactionStatus } from './messages.ts'
import { MAX_STATEMENTS, Requests } from './requests.ts'
import { Recent } from './recent.ts'
import { bound, statementsOf, type Statement } from './statements.ts'
import { Transaction, type TransactionSummary } from './transaction.ts'

/**
 * What became of a transaction. One that is explicit is `begun`, may have `failed` (more than once, with savepoints),
 * and then one of the others comes, once. Of an implicit one only what it wrote is reported, and no `begun`.
 */
export type TransactionEvent =
  | { kind: 'begun' | 'committed' | 'rolledBack' | 'prepared'; transaction: TransactionSummary }
  | { kind: 'failed'; transaction: TransactionSummary; sqlstate: string; message: string }
  /**
   * The connection has ended before the transaction did. `ambiguous`: its COMMIT was handed on (or, if it is implicit, all
   * of it was) and not answered, so that it may have been committed or not. Else the server rolls it back.
   */
  | { kind: 'ended'; transaction: TransactionSummary; ambiguous: boolean }

/** Prepared statements and portals that are remembered; the longest unused are forgotten first. */
const MAX_PREPARED = 256
const MAX_PORTALS = 64

/**
 * Follows the transactions of one connection through its messages, of both sides in the order in which they were seen.
 * What the server says decides: its command tags, its errors and the status in ReadyForQuery. The texts of the
 * statements only say which tables and ids a transaction touched.
 *
 * Not seen: what functions, triggers and rules write, and uuids in the rows of a COPY.
 */
export class TransactionFollower {
  readonly #onEvent: (event: TransactionEvent) => void
  readonly #requests = new Requests()
  readonly #prepared = new Recent<Statement>(MAX_PREPARED)
  readonly #portals = new Recent<Statement>(MAX_PORTALS)
  #open: Transaction | undefined
  #ordinals = 0
  /** The error with which the server ends the connection. */
  #fatal: Notice | undefined

  constructor(onEvent: (event: TransactionEvent) => void) {
    this.#onEvent = onEvent
  }

  see(message: PostgresMessage): void {
    if (message.side === 'frontend') this.#asks(message)
    else this.#answers(message)
  }

  /**
   * The connection has ended: reports what was not finished by then.
   * @param handedOn So much of what the client has sent was handed on to the server.
   */
  ended(handedOn = Infinity): void {
    let doubtful = false
    for (const { statements, beyond, whole, extended, copying } of this.#requests.unanswered(handedOn)) {
      // A server commits a simple query before it answers its last statement.
      if (this.#open?.implicit && !extended && statements.length + beyond === 0) this.#idle()
      for (const statement of statements) this.#leave(statement)
      // Among those that are not known there may be a COMMIT.
      doubtful ||= beyond > 0
      if (this.#open?.implicit && whole && !copying) this.#abandon(true)
    }
    this.#abandon(doubtful)
  }

  #asks({ type, fields, offset, size }: PostgresMessage): void {
    const end = offset + size
    switch (type) {
      case 'StartupMessage':
      case 'FunctionCall':
        return this.#requests.sent([], true, false, end)
      case 'Query':
        return this.#requests.sent(statementsOf(fields.query, MAX_STATEMENTS + 1), true, false, end)
      case 'Parse':
        return this.#prepared.set(fields.statement, statementsOf(fields.query, 1)[0])
      case 'Bind': {
        const statement = this.#prepared.get(fields.statement)
        return this.#portals.set(fields.portal, statement && bound(statement, fields.parameters))
      }
      case 'Execute':
        return this.#requests.sent([this.#portals.get(fields.portal)], false, true, end)
      case 'Close':
        return (fields.target === 'portal' ? this.#portals : this.#prepared).set(fields.name, undefined)
      case 'Sync':
        return this.#requests.sent([], true, true, end)
      case 'CopyDone':
      case 'CopyFail':
        return this.#requests.copyEnds()
    }
  }

  #answers({ type, fields }: PostgresMessage): void {
    switch (type) {
      case 'CommandComplete':
        return this.#completed(this.#requests.answered(), fields.tag)
      case 'PortalSuspended':
      case 'EmptyQueryResponse':
        return void this.#requests.answered()
      case 'CopyInResponse':
        return this.#requests.copyBegins()
      case 'ErrorResponse':
        return this.#failed(fields)
      case 'ReadyForQuery':
        this.#requests.finished()
        return this.#ready(fields.status)
    }
  }

  #completed(statement: Statement | undefined, tag: string): void {
    switch (tag) {
      case 'BEGIN':
      case 'START TRANSACTION':
        return this.#begin()
      case 'COMMIT':
        this.#finish('committed')
        if (statement?.chains) this.#begin()
        return
      case 'PREPARE TRANSACTION':
        return this.#finish('prepared')
      case 'ROLLBACK':
        // The tag of ROLLBACK TO SAVEPOINT too. If the statement is not known, ReadyForQuery tells.
        if (!statement || statement.control === 'savepoint') return
        this.#finish('rolledBack')
        if (statement.chains) this.#begin()
        return
      case 'SAVEPOINT':
      case 'RELEASE':
        return
    }
    this.#open ??= new Transaction(true)
    this.#open.add(statement, tag)
  }

  #failed({ severity, code, message }: Notice): void {
    if (severity === 'FATAL' || severity === 'PANIC') {
      this.#fatal = { severity, code, message }
      return
    }
    const statement = this.#requests.answered()
    if (statement) this.#open ??= new Transaction(true)
    const transaction = this.#open
    // What follows in a failed transaction is refused, and does nothing.
    if (transaction === undefined || transaction.failed) return
    if (statement && statement.control === undefined) transaction.add(statement)
    transaction.failed = true
    transaction.blame(code, message)
    if (transaction.implicit && !transaction.writes) return
    this.#onEvent({ kind: 'failed', transaction: this.#summary(transaction), sqlstate: code, message })
  }

  #ready(status: TransactionStatus): void {
    if (status === 'I') return this.#idle()
    this.#begin()
    if (status === 'T' && this.#open?.failed) this.#open.recover()
  }

  /** No transaction is open: one that was has ended with the request. */
  #idle(): void {
    if (this.#open?.implicit && !this.#open.failed) this.#finish('committed')
    else this.#finish('rolledBack')
  }

  /** A BEGIN takes in what the same request did before it. */
  #begin(): void {
    if (this.#open && !this.#open.implicit) return
    this.#open ??= new Transaction(false)
    this.#open.implicit = false
    this.#onEvent({ kind: 'begun', transaction: this.#summary(this.#open) })
  }

  #finish(kind: 'committed' | 'rolledBack' | 'prepared'): void {
    const transaction = this.#open
    this.#open = undefined
    if (transaction === undefined || (transaction.implicit && !transaction.writes)) return
    this.#onEvent({ kind, transaction: this.#summary(transaction) })
  }

  /** A statement that was sent and not answered. */
  #leave(statement: Statement | undefined): void {
    switch (statement?.control) {
      case 'begin':
        this.#open ??= new Transaction(false)
        this.#open.implicit = false
        return
      case 'commit':
      case 'prepare':
        return this.#abandon(true)
      case 'rollback':
        return this.#abandon(false)
      case 'savepoint':
        if (this.#open) this.#open.failed = false
        return
    }
    this.#open ??= new Transaction(true)
    this.#open.add(statement)
  }

  #abandon(doubtful: boolean): void {
    const transaction = this.#open
    this.#open = undefined
    if (transaction === undefined || (transaction.ordinal === 0 && !transaction.writes)) return
    if (this.#fatal && !transaction.failed) transaction.blame(this.#fatal.code, this.#fatal.message)
    const ambiguous = doubtful && !transaction.failed
    this.#onEvent({ kind: 'ended', transaction: this.#summary(transaction), ambiguous })
  }

  /** The first report of a transaction gives it its ordinal. */
  #summary(transaction: Transaction): TransactionSummary {
    if (transaction.ordinal === 0) transaction.ordinal = this.#ordinals += 1
    return transaction.summary()
  }
}
