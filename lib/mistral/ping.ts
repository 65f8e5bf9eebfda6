import { randomUUID } from 'node:crypto'
import type { Channel, ConsumeMessage } from 'amqplib'

/** Mistral's control exchange, as oslo.messaging declares it. */
const EXCHANGE = 'openstack'

/** Awaits the answers to the pings of one channel: one reply queue, so that also a late answer finds its place. */
interface Replies {
  queue: string
  /** By the `_msg_id` of the call. */
  waiting: Map<string, (answered: boolean) => void>
}
const repliesOf = new WeakMap<Channel, Promise<Replies>>()

/**
 * Asks one node whether it serves RPC, under oslo with `rpc_ping_enabled`; kombu has no such call, and an API node
 * listens on no queue (ask it by GET /).
 * @param channel of the caller's own, used for nothing but pings; may be shared by any number of them at a time.
 * @param topic `mistral_engine`, `mistral_executor`.
 * @param host the node's name, which is its `host`.
 * @returns false if there is no such queue, or no answer in time.
 * @throws {Error} if the channel or its connection has ended.
 */
export async function rpcPing(
  channel: Channel,
  topic: string,
  host: string,
  deadlineMs: number,
): Promise<boolean> {
  let opening = repliesOf.get(channel)
  if (!opening) {
    opening = openReplies(channel)
    repliesOf.set(channel, opening)
  }
  const { queue, waiting } = await opening
  const id = randomUUID()
  return await new Promise<boolean>((resolve, reject) => {
    const settle = (answered: boolean): void => {
      clearTimeout(timer)
      waiting.delete(id)
      resolve(answered)
    }
    const timer = setTimeout(settle, deadlineMs, false)
    waiting.set(id, settle)
    try {
      channel.publish(EXCHANGE, `${topic}.${host}`, pingCall(id, queue, deadlineMs), {
        contentType: 'application/json',
        contentEncoding: 'utf-8',
        // What nobody takes must not stay in the queue of a node that has stopped.
        expiration: deadlineMs,
        mandatory: true,
        messageId: id,
      })
    } catch (error) {
      reject(error)
      settle(false)
    }
  })
}

async function openReplies(channel: Channel): Promise<Replies> {
  // Publishing to an exchange that no node has declared yet would end the channel.
  await channel.assertExchange(EXCHANGE, 'topic', { durable: false, autoDelete: false })
  const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true })
  const waiting: Replies['waiting'] = new Map()
  await channel.consume(queue, (message) => answer(message, waiting), { noAck: true })
  channel.on('return', ({ properties }: ConsumeMessage) => waiting.get(String(properties.messageId))?.(false))
  return { queue, waiting }
}

function answer(message: ConsumeMessage | null, waiting: Replies['waiting']): void {
  if (!message) return
  const envelope = JSON.parse(message.content.toString()) as { 'oslo.message': string }
  const reply = JSON.parse(envelope['oslo.message']) as { _msg_id?: string; failure?: unknown }
  // A failure is an answer too, but not one of a node that serves.
  if (reply._msg_id !== undefined) waiting.get(reply._msg_id)?.(reply.failure === null)
}

/** An oslo.messaging 2.0 envelope; every id is new, since a process drops what it has just seen. */
function pingCall(id: string, replyQueue: string, deadlineMs: number): Buffer {
  const call = {
    method: 'oslo_rpc_server_ping',
    args: {},
    _msg_id: id,
    _reply_q: replyQueue,
    _timeout: deadlineMs / 1000,
    _unique_id: randomUUID().replaceAll('-', ''),
  }
  return Buffer.from(JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': JSON.stringify(call) }))
}
