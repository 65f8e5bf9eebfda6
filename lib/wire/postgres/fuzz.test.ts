import { seededRandom, type Random } from '../../util/random.ts'
import {
  backend,
  client,
  extended,
  frontend,
  query,
  server,
  startup,
  type Step,
} from './conversation.helper.ts'
import { PostgresDecoder } from './decoder.ts'
import type { PostgresMessage } from './messages.ts'
import { redactSql } from './redact.ts'
import { TransactionFollower, type TransactionEvent } from './transactions.ts'

/** As many as take a second or two. */
const INPUTS = Number(process.env['CROSSWIND_FUZZ_INPUTS'] ?? 10_000)
const SEED = 'postgres'
const MAX_STARTUP_BYTES = 10_000
const FINAL = new Set(['committed', 'rolledBack', 'prepared', 'ended'])

const UUID = '8d7dae29-cf39-401f-b8a3-9c239ae4c491'
const INSERT = `INSERT INTO t (id, password) VALUES ('${UUID}', E'x\\'y'), ($1, $a$b$a$)`

/** One conversation with everything in it. */
const VALID: Step[] = [
  frontend(client.requestSsl()),
  backend(Buffer.from('N')),
  startup()[0]!,
  backend(server.authentication(10, Buffer.from('SCRAM-SHA-256\0\0'))),
  frontend(client.sendSASLInitialResponseMessage('SCRAM-SHA-256', 'n,,n=,r=x')),
  startup()[1]!,
  ...query('BEGIN', ['BEGIN'], 'T'),
  ...query(`${INSERT}; SAVEPOINT s -- c\n; UPDATE t SET a='b'`, ['INSERT 0 1', 'SAVEPOINT', 'UPDATE 2'], 'T'),
  frontend(client.query('SELECT * FROM t FOR UPDATE')),
  backend(server.rowDescription('id'), server.row(UUID, null), server.error('40001'), server.ready('E')),
  ...query('ROLLBACK', ['ROLLBACK'], 'I'),
  ...extended(INSERT, [UUID], 'INSERT 0 1', 'I'),
  frontend(client.query('COPY t FROM STDIN')),
  backend(server.copyIn()),
  frontend(client.copyData(Buffer.from('1\n')), client.copyDone()),
  backend(server.complete('COPY 1'), server.ready('I'), server.notification(), server.bare('123nsI')),
]

const upTo = (random: Random, limit: number): number => Math.floor(random() * limit)

/** Bytes that mean something where they happen to fall. */
const TELLING = Buffer.from('\0\0\0\x04\x7f\xff\xff\xffQPBESCXZEDTRp\'"$();', 'latin1')

/** One change of some bytes. */
function mutated(bytes: Buffer, random: Random): Buffer {
  const at = upTo(random, bytes.length + 1)
  const length = upTo(random, 12)
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
  const from = upTo(random, TELLING.length)
  const telling = TELLING.subarray(from, from + length)
  switch (upTo(random, 5)) {
    case 0:
      return Buffer.concat([before, after.subarray(length)])
    case 1:
      return Buffer.concat([before, telling, after])
    case 2:
      return Buffer.concat([before, telling, after.subarray(telling.length)])
    case 3:
      return Buffer.concat([before, after.subarray(0, length), after])
    default:
      return Buffer.concat([before, Buffer.of(upTo(random, 256)), after.subarray(1)])
  }
}

/** The conversation with a few changes, some of its steps moved, in pieces of any size. */
function input(random: Random): Step[] {
  const steps = [...VALID]
  for (let changes = upTo(random, 4); changes >= 0; changes -= 1) {
    const index = upTo(random, steps.length)
    const { side, bytes } = steps[index]!
    if (random() < 0.1) steps.splice(upTo(random, steps.length), 1, { side, bytes })
    else steps[index] = { side, bytes: mutated(bytes, random) }
  }
  const size = 1 + upTo(random, random() < 0.5 ? 8 : 400)
  return steps.flatMap(({ side, bytes }) =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => ({
      side,
      bytes: bytes.subarray(n * size, (n + 1) * size),
    })),
  )
}

/** Millions of checks are too many for an assertion library. */
function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what)
}

/** Feeds it to everything that reads, and checks what must hold of any input. */
function feed(steps: Step[], maxBodyBytes: number): void {
  const ends = { frontend: 0, backend: 0 }
  const given = { frontend: 0, backend: 0 }
  let opaque = 0
  const finished = new Set<number>()
  const told = ({ kind, transaction }: TransactionEvent): void => {
    must(!finished.has(transaction.ordinal), 'an event behind the end of a transaction')
    if (FINAL.has(kind)) finished.add(transaction.ordinal)
  }
  const follower = new TransactionFollower(told)
  const onMessage = (message: PostgresMessage): void => {
    const { side, offset, size, bytes, truncated } = message
    must(opaque === 0, 'a message behind what is opaque')
    must(offset === ends[side], 'a hole')
    ends[side] = offset + size
    must(ends[side] <= given[side], 'more than there was')
    must(bytes.length <= Math.max(5 + maxBodyBytes, MAX_STARTUP_BYTES), 'more than may be kept')
    must(truncated === bytes.length < size, 'truncated, or not')
    follower.see(message)
    if (message.type !== 'Query' && message.type !== 'Parse') return
    must(redactSql(message.fields.query, 64).length <= 64, 'more text than was asked for')
  }
  const decoder = new PostgresDecoder({ onMessage, onOpaque: () => (opaque += 1), maxBodyBytes })
  for (const { side, bytes } of steps) {
    given[side] += bytes.length
    decoder[side](bytes)
  }
  follower.ended()
  must(opaque <= 1, 'opaque twice')
}

describe('Any bytes at all', () => {
  it('are read without a crash, a hang or a wrong account', function () {
    this.timeout(10_000 + INPUTS)
    for (let n = 0; n < INPUTS; n += 1) {
      const random = seededRandom(SEED, n)
      const steps = input(random)
      try {
        feed(steps, random() < 0.5 ? 2 ** 20 : 16 + upTo(random, 64))
      } catch (error) {
        throw new Error(`input ${n} of seed ${SEED}`, { cause: error })
      }
    }
  })
})
