import { encodeMethod } from '../../../wire/amqp/encode.ts'
import type { AmqpMessage } from '../../../wire/amqp/message.ts'

type By<M extends AmqpMessage['method']> = Extract<AmqpMessage, { method: M }>
/** What a consumer answers. */
export type Settling = By<'basic.ack' | 'basic.nack' | 'basic.reject'>
/** What a broker answers a publisher. */
export type Confirming = By<'basic.ack' | 'basic.nack'>

export const isConfirming = (message: AmqpMessage): message is Confirming =>
  message.method === 'basic.ack' || message.method === 'basic.nack'

export const isSettling = (message: AmqpMessage): message is Settling =>
  isConfirming(message) || message.method === 'basic.reject'

/** What it answers: one, or all up to it. */
export function settledBy(message: Settling): [tag: number, multiple: boolean] {
  const multiple = message.method !== 'basic.reject' && message.fields.multiple
  return [Number(message.fields.deliveryTag), multiple]
}

/** The same answer to one alone. */
export function settling(message: Settling, deliveryTag: number): Buffer {
  const { channel } = message
  switch (message.method) {
    case 'basic.ack':
      return encodeMethod(channel, 'basic.ack', { deliveryTag, multiple: false })
    case 'basic.nack':
      return encodeMethod(channel, 'basic.nack', { ...message.fields, deliveryTag, multiple: false })
    case 'basic.reject':
      return encodeMethod(channel, 'basic.reject', { ...message.fields, deliveryTag })
  }
}

/** Its bytes, and what they say. */
export function settlingOne(message: Settling, deliveryTag: number): { bytes: Buffer; message: AmqpMessage } {
  const bytes = settling(message, deliveryTag)
  const { multiple: _, ...fields } = { multiple: false, ...message.fields }
  const single = message.method === 'basic.reject' ? fields : { ...fields, multiple: false }
  return {
    bytes,
    message: { ...message, fields: { ...single, deliveryTag }, size: bytes.length } as AmqpMessage,
  }
}
