import {
  backend,
  client,
  follow,
  frontend,
  query,
  server,
  startup,
  type Step,
} from './conversation.helper.ts'
import type { TransactionEvent } from './transactions.ts'

export const A = '8d7dae29-cf39-401f-b8a3-9c239ae4c491'
export const INSERT = `INSERT INTO t (id) VALUES ('${A}')`

/** A query that fails. */
export const failing = (sql: string, code: string, status: string): Step[] => [
  frontend(client.query(sql)),
  backend(server.error(code), server.ready(status)),
]
export const begin = (): Step[] => query('BEGIN ISOLATION LEVEL READ COMMITTED', ['BEGIN'], 'T')
export const insert = (status: string): Step[] => query(INSERT, ['INSERT 0 1'], status)

/** Each event in a few words: kind, "implicit", SQLSTATE, "ambiguous", what was touched, with the rows. */
export function inWords(event: TransactionEvent): string {
  const { implicit, touched, sqlstate } = event.transaction
  return [
    event.kind,
    implicit && 'implicit',
    sqlstate,
    event.kind === 'ended' && event.ambiguous && 'ambiguous',
    ...touched.map(({ verb, table, rows }) => `${verb} ${table} ${rows}`),
  ]
    .filter(Boolean)
    .join(' ')
}
export const story = (...steps: Step[][]): string[] => follow([...startup(), ...steps.flat()]).map(inWords)
