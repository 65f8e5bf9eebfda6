import { definePostgresToxic, EXECUTES } from '../lib/toxic/postgres.ts'

/** What PostgreSQL says with them: clients look at the text too. */
const USUAL_MESSAGES = new Map([
  ['40001', 'could not serialize access due to concurrent update'],
  ['40P01', 'deadlock detected'],
  ['53300', 'sorry, too many clients already'],
  ['55P03', 'canceling statement due to lock timeout'],
  ['57014', 'canceling statement due to user request'],
  ['57P01', 'terminating connection due to administrator command'],
  ['08006', 'connection failure'],
])

/** The server ends the session with them: connection failures, too many clients, shutdowns and time-outs of sessions. */
const FATAL = /^(?:08...|53300|57P0[1-5]|25P03)$/

export default definePostgresToxic({
  type: 'pg_error',
  about:
    'Answers a statement with an error; the server gets one that fails, so that its transaction fails too.',
  attributes: {
    sqlstate: {
      text: 'plain',
      form: '^[0-9A-Z]{5}$',
      default: '40001',
      about: 'as 40001, 40P01, 57P01, 53300, 08006; with those that end a session, the connection ends',
    },
    message: {
      text: 'plain',
      default: '',
      about: 'its text; if it is not given, that of the server',
    },
  },
  on: { upstream: EXECUTES },
  open: (lane) => ({
    strike(chunk) {
      const { sqlstate: code, message } = lane.attributes
      lane.fail(chunk, {
        severity: FATAL.test(code) ? 'FATAL' : 'ERROR',
        code,
        message: message || (USUAL_MESSAGES.get(code) ?? `SQLSTATE ${code}`),
      })
    },
  }),
})
