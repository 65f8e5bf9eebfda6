import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { evaluateInBroker } from '../../cluster/broker.ts'
import { DEBIAN_PYTHON, findPrograms } from '../../cluster/programs.ts'
import { startRabbitMq } from '../../cluster/rabbitmq.ts'
import { layYard } from '../../cluster/yard.ts'
import type { ClientsDone, ClientsOrder } from './clients.ts'

/** How long clients publish on each way. */
const RUN_MS = 4000

/** What RabbitMQ itself has counted since it began. */
interface Counted {
  published: number
  confirmed: number
  delivered: number
  acked: number
}

// Counters that RabbitMQ keeps for all channels together, with or without its management plugin.
const COUNTED = `
Sum = fun(Name) -> lists:sum([maps:get(Name, C, 0) || C <- maps:values(rabbit_global_counters:overview())]) end,
io:format("~s", [rabbit_json:encode(#{published => Sum(messages_received_total), confirmed => Sum(messages_confirmed_total),
  delivered => Sum(messages_delivered_total), acked => Sum(messages_acknowledged_total)})]), ok.
`

/** A line about clients of amqplib on a RabbitMQ of our own, on each way to it, with the broker's own rates beside. */
export async function benchRabbitMq(
  waysTo: (port: number) => Promise<readonly { name: string; port: number }[]>,
  onLine: (line: string) => void,
): Promise<void> {
  const yard = layYard(
    { name: 'bench', rpc: 'oslo', python: DEBIAN_PYTHON, urls: {}, onEvent: () => {} },
    'none',
  )
  const clients = new Worker(new URL('clients.ts', import.meta.url))
  try {
    const rabbitmq = await startRabbitMq(yard.ground, findPrograms(), yard.launch)
    await rabbitmq.serving()
    const epmd = yard.state.processes['epmd']?.port ?? 0
    const counted = async (): Promise<Counted> =>
      JSON.parse(await evaluateInBroker(yard.ground.folder, epmd, COUNTED)) as Counted
    for (const { name, port } of await waysTo(rabbitmq.port)) {
      const before = await counted()
      const { messages, ms } = await run(clients, { port, ms: RUN_MS })
      const after = await counted()
      const rate = (count: number): string => `${Math.round((count / ms) * 1000)}/s`
      const own = (Object.keys(after) as (keyof Counted)[]).map(
        (what) => `${what} ${rate(after[what] - before[what])}`,
      )
      onLine(`${name}: ${rate(messages)} with confirm and ack; RabbitMQ's own: ${own.join(', ')}`)
    }
  } finally {
    await clients.terminate()
    await yard.abandon()
  }
}

async function run(clients: Worker, order: ClientsOrder): Promise<ClientsDone> {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window.
  clients.postMessage(order)
  const [done] = (await once(clients, 'message')) as [ClientsDone]
  return done
}
