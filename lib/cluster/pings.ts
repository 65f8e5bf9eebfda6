import { connect, type Channel, type ChannelModel } from 'amqplib'
import { rpcPing } from '../mistral/ping.ts'
import { within } from '../util/within.ts'

/** Asks nodes over RPC whether they answer, on one connection straight to the broker. */
export interface Pings {
  /** false: no answer within `deadlineMs`, or the broker cannot be reached. */
  ping(topic: string, host: string, deadlineMs: number): Promise<boolean>
  end(): Promise<void>
}

/** A broker that is there answers within milliseconds; one that is stopped would never. */
const CONNECT_MS = 2000
const CLOSE_MS = 1000

export function openPings(port: number): Pings {
  let open: Promise<{ model: ChannelModel; channel: Channel }> | undefined
  const forget = () => {
    open = undefined
  }
  const dial = async () => {
    const broker = { protocol: 'amqp', hostname: '127.0.0.1', port, username: 'guest', password: 'guest' }
    const model = await connect({ ...broker, vhost: '/' }, { timeout: CONNECT_MS })
    model.on('error', forget)
    model.on('close', forget)
    const channel = await model.createChannel()
    // A channel that the broker closes would otherwise end the process with an unhandled event.
    channel.on('error', forget)
    return { model, channel }
  }
  return {
    ping: async (topic, host, deadlineMs) => {
      try {
        open ??= dial()
        const { channel } = await open
        return await rpcPing(channel, topic, host, deadlineMs)
      } catch {
        forget()
        return false
      }
    },
    end: async () => {
      // A broker that has just died, or is frozen, never confirms it, and the client would wait for ever.
      const closed = open?.then(({ model }) => model.close()) ?? Promise.resolve()
      await within(CLOSE_MS, closed, undefined)
    },
  }
}
