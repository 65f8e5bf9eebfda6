import type { TransactionEnded, WireFact } from '../../ledger/wire-entries.ts'
import { PostgresDecoder } from '../../wire/postgres/decoder.ts'
import { redactError } from '../../wire/postgres/redact.ts'
import type { TransactionSummary } from '../../wire/postgres/transaction.ts'
import { TransactionFollower, type TransactionEvent } from '../../wire/postgres/transactions.ts'
import type { Place, RecordFact, Watch } from './watch.ts'

/** Reads one connection to PostgreSQL and journals its transactions. */
export function watchPostgres(place: Place, record: RecordFact): Watch {
  const follower = new TransactionFollower((event) => record(factOf(event, place)))
  const decoder = new PostgresDecoder({
    onMessage: (message) => follower.see(message),
    onOpaque: (side, reason) => record({ kind: 'connection.opaque', ...place, reason: `${side}: ${reason}` }),
  })
  return {
    // Values that a client binds are views, and kept until it executes what it has bound them to.
    upstream: (bytes) => decoder.frontend(Buffer.from(bytes)),
    downstream: (bytes) => decoder.backend(Buffer.from(bytes)),
    // What the server was asked and what it answered is true, whatever its client was told: a statement that fails in
    // another's place has an answer in its place. What never reached it is told at the end.
    altered: () => {},
    ended: ({ upstream }) => follower.ended(upstream),
  }
}

function factOf(event: TransactionEvent, place: Place): WireFact {
  const { transaction } = event
  const { ordinal } = transaction
  switch (event.kind) {
    case 'begun':
      return { kind: 'transaction.begun', ...place, transaction: ordinal }
    case 'failed': {
      const { sqlstate, message } = event
      const error = redactError(message)
      return { kind: 'transaction.failed', ...place, transaction: ordinal, sqlstate, error }
    }
    case 'rolledBack':
      return endedFact(transaction, 'rolled back', place)
    case 'ended':
      return endedFact(transaction, event.ambiguous ? 'ambiguous' : 'lost', place)
    default:
      return endedFact(transaction, event.kind, place)
  }
}

function endedFact(
  { ordinal, statements, touched, sqlstate }: TransactionSummary,
  outcome: TransactionEnded['outcome'],
  place: Place,
): TransactionEnded {
  return {
    kind: 'transaction.ended',
    ...place,
    transaction: ordinal,
    outcome,
    statements,
    touched: [...new Set(touched.map(({ verb, table }) => `${verb} ${table}`.trim()))],
    ids: [...new Set(touched.flatMap(({ ids }) => ids.map(({ id }) => id)))],
    ...(sqlstate !== undefined && { sqlstate }),
  }
}
