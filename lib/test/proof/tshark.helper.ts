import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { METHODS } from '../../wire/amqp/methods.ts'
import { streamName } from './pcap.helper.ts'

/** What tshark sees in each direction of each connection, by `FROM>TO`. */
export type Dissected = ReadonlyMap<string, string[]>

const FRAME = { method: '1', heartbeat: '8' } as const

const NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(METHODS).map(([name, { id }]) => [id.join('.'), name]),
)

/** The methods that AMQP's dissector sees, by our names, and the heartbeats. It passes over protocol headers. */
export async function dissectAmqp(file: string, port: number): Promise<Dissected> {
  const fields = ['amqp.type', 'amqp.method.class', 'amqp.method.method']
  const rows = await dissect(file, `tcp.port==${port},amqp`, 'amqp', fields)
  return gathered(rows, ([types = [], classes = [], methods = []]) => {
    let next = 0
    return types.flatMap((type) => {
      if (type === FRAME.heartbeat) return ['heartbeat']
      if (type !== FRAME.method) return []
      const id = `${classes[next]}.${methods[next]}`
      next += 1
      return [NAMES.get(id) ?? `unknown.${id}`]
    })
  })
}

/** The messages that PostgreSQL's dissector sees, by its own names. It passes over the answer to an SSLRequest. */
export async function dissectPostgres(file: string, port: number): Promise<Dissected> {
  const rows = await dissect(file, `tcp.port==${port},pgsql`, 'pgsql', ['pgsql.type'])
  return gathered(rows, ([types = []]) => types)
}

interface Row {
  stream: string
  /** The occurrences of each field in one packet. */
  fields: string[][]
}

async function dissect(
  file: string,
  decodeAs: string,
  protocol: string,
  fields: readonly string[],
): Promise<Row[]> {
  const shown = ['tcp.srcport', 'tcp.dstport', ...fields].flatMap((field) => ['-e', field])
  const args = ['-r', file, '-n', '-d', decodeAs, '-Y', protocol, '-T', 'fields', ...shown]
  const { stdout } = await promisify(execFile)('tshark', args, { maxBuffer: 2 ** 30 })
  const lines = stdout.split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const [from, to, ...values] = line.split('\t')
    return {
      stream: streamName(Number(from), Number(to)),
      fields: values.map((value) => (value === '' ? [] : value.split(','))),
    }
  })
}

function gathered(rows: readonly Row[], read: (fields: string[][]) => string[]): Dissected {
  const streams = new Map<string, string[]>()
  for (const { stream, fields } of rows) {
    const known = streams.get(stream) ?? []
    known.push(...read(fields))
    streams.set(stream, known)
  }
  return streams
}
