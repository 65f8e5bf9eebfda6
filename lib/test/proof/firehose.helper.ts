import { connect } from 'amqplib'
import { evaluateInBroker } from '../../cluster/broker.ts'
import { listClusters } from '../../cluster/state.ts'
import type { Session } from '../../scenario/session.ts'
import { HarnessError } from '../../util/errors.ts'
import { identify } from './identity.helper.ts'

/** A publish or a delivery, as RabbitMQ's tracer tells it. */
export interface Traced {
  what: 'publish' | 'deliver'
  identity: string
  exchange: string
  routingKey: string
  /** Where a publish was routed to, sorted; the queue of a delivery. */
  queues: string[]
  redelivered: boolean
  /** The port from which its connection comes. */
  port: number
}

/** RabbitMQ's firehose: a copy of every publish and delivery. */
export interface Firehose {
  /** @returns All that was published or delivered until now. */
  end(): Promise<Traced[]>
}

const TRACE = 'amq.rabbitmq.trace'

interface TraceHeaders {
  exchange_name: string
  routing_keys: string[]
  properties: { correlation_id?: string; type?: string }
  /** `127.0.0.1:40112 -> 127.0.0.1:5672` */
  connection: string
  routed_queues?: string[]
  redelivered?: number
}

/** Turns the broker's tracer on. */
export async function openFirehose({ cluster, plan }: Session): Promise<Firehose> {
  const state = listClusters().find(({ state: { id } }) => id === cluster.id)?.state
  const epmdPort = state?.processes['epmd']?.port
  if (epmdPort === undefined) throw new HarnessError('the state file of the cluster names no epmd')
  const tracer = (what: 'start' | 'stop') =>
    evaluateInBroker(cluster.folder, epmdPort, `rabbit_trace:${what}(<<"/">>), ok.\n`)
  const connection = await connect(`amqp://guest:guest@127.0.0.1:${cluster.rabbitmq.port}/%2F`)
  const channel = await connection.createChannel()
  const { queue } = await channel.assertQueue('', { exclusive: true })
  await channel.bindQueue(queue, TRACE, '#')
  const traced: Traced[] = []
  await channel.consume(
    queue,
    (message) => {
      if (message === null) throw new Error('the queue of the firehose is gone')
      const { routingKey: about } = message.fields
      const headers = message.properties.headers as unknown as TraceHeaders
      traced.push(tracedOf(about, headers, message.content.toString(), plan.rpc))
    },
    { noAck: true },
  )
  await tracer('start')
  return {
    end: async () => {
      await tracer('stop')
      // The answer comes behind whatever the queue has sent before; what is in the queue has been counted.
      await untilEmpty(async () => (await channel.checkQueue(queue)).messageCount)
      await connection.close()
      return traced
    },
  }
}

async function untilEmpty(ready: () => Promise<number>): Promise<void> {
  while ((await ready()) > 0);
}

function tracedOf(about: string, headers: TraceHeaders, body: string, rpc: 'oslo' | 'kombu'): Traced {
  const { correlation_id: correlationId, type } = headers.properties
  const what = about.startsWith('publish.') ? 'publish' : 'deliver'
  return {
    what,
    identity: identify(rpc, body, { correlationId, type }).identity,
    exchange: headers.exchange_name,
    routingKey: headers.routing_keys[0] ?? '',
    queues: what === 'publish' ? (headers.routed_queues ?? []).toSorted() : [about.slice('deliver.'.length)],
    redelivered: headers.redelivered === 1,
    port: Number(/:(\d+) ->/.exec(headers.connection)?.[1]),
  }
}
