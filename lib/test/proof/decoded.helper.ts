import { AmqpDecoder } from '../../wire/amqp/decoder.ts'
import { PostgresDecoder } from '../../wire/postgres/decoder.ts'
import type { Stream } from '../../toxic.ts'
import type { Witnessed } from './witness.helper.ts'

/** What our decoders make of a connection: the messages of each lane in the order of their first bytes. */
type Decoded = Record<Stream, string[]>

interface Placed {
  name: string
  offset: number
}

const inOrder = (messages: readonly Placed[]): string[] =>
  messages.toSorted((a, b) => a.offset - b.offset).map(({ name }) => name)

const broken = ({ link, connection }: Witnessed, reason: string): never => {
  throw new Error(`connection ${connection} of ${link} is opaque: ${reason}`)
}

/** The methods of a connection to RabbitMQ, and its heartbeats. */
export function decodeAmqp(connection: Witnessed): Decoded {
  const lanes: Record<Stream, Placed[]> = { upstream: [], downstream: [] }
  const decoderOf = (stream: Stream) =>
    new AmqpDecoder({
      onMessage: ({ method, offset }) => {
        if (method !== 'protocol-header') lanes[stream].push({ name: method, offset })
      },
      onOpaque: (reason) => broken(connection, reason),
    })
  const decoders = { upstream: decoderOf('upstream'), downstream: decoderOf('downstream') }
  for (const { stream, bytes } of connection.chunks) decoders[stream].push(bytes)
  return { upstream: inOrder(lanes.upstream), downstream: inOrder(lanes.downstream) }
}

/** As tshark names what passes between Mistral and PostgreSQL; another message has no name here, and is told so. */
const TSHARK_NAMES: Readonly<Record<string, string>> = {
  SSLRequest: 'SSL request',
  StartupMessage: 'Startup message',
  Query: 'Simple query',
  Terminate: 'Termination',
  AuthenticationOk: 'Authentication request',
  ParameterStatus: 'Parameter status',
  BackendKeyData: 'Backend key data',
  ReadyForQuery: 'Ready for query',
  RowDescription: 'Row description',
  DataRow: 'Data row',
  CommandComplete: 'Command completion',
  ErrorResponse: 'Error',
  NoticeResponse: 'Notice',
}

/** The messages of a connection to PostgreSQL, by tshark's names. */
export function decodePostgres(connection: Witnessed): Decoded {
  const lanes: Record<Stream, Placed[]> = { upstream: [], downstream: [] }
  const decoder = new PostgresDecoder({
    onMessage: ({ type, side, offset }) => {
      if (type === 'SSLResponse') return
      const name = TSHARK_NAMES[type] ?? `${type}, for which no name of tshark's is known here`
      lanes[side === 'frontend' ? 'upstream' : 'downstream'].push({ name, offset })
    },
    onOpaque: (side, reason) => broken(connection, `${side}: ${reason}`),
  })
  for (const { stream, bytes } of connection.chunks)
    if (stream === 'upstream') decoder.frontend(bytes)
    else decoder.backend(bytes)
  return { upstream: inOrder(lanes.upstream), downstream: inOrder(lanes.downstream) }
}
