import type { Fact } from './entries.ts'
import type { TextWriter } from './text-writer.ts'
import type {
  CallFact,
  MessageAcked,
  MessageConfirmed,
  MessageDelivered,
  MessagePublished,
} from './wire-entries.ts'

/**
 * Writes a fact as the members of a JSON object, without its braces. Nearly all of a journal is of four kinds, which are
 * written by hand, several times as fast: their members stand in the order of their types, whatever order the fact has
 * them in.
 */
export function writeMembers(fact: Fact, text: TextWriter): void {
  switch (fact.kind) {
    case 'message.published':
      return writePublished(fact, text)
    case 'message.confirmed':
      return writeConfirmed(fact, text)
    case 'message.delivered':
      return writeDelivered(fact, text)
    case 'message.acked':
      return writeAcked(fact, text)
    default:
      text.raw(JSON.stringify(fact).slice(1, -1))
  }
}

function writePublished(fact: MessagePublished, text: TextWriter): void {
  const { exchange, routingKey, mandatory, expirationMs, size, call, body } = fact
  writePlace(fact, text)
  text.raw(',"exchange":').string(exchange).raw(',"routingKey":').string(routingKey)
  if (mandatory) text.raw(',"mandatory":true')
  if (expirationMs !== undefined) text.raw(',"expirationMs":').number(expirationMs)
  text.raw(',"size":').number(size)
  writeWhere(fact, text)
  if (call) writeCall(call, text)
  if (body !== undefined) text.raw(',"body":').string(body)
}

function writeConfirmed(fact: MessageConfirmed, text: TextWriter): void {
  writePlace(fact, text)
  text
    .raw(fact.multiple ? ',"multiple":true' : ',"multiple":false')
    .raw(fact.nack ? ',"nack":true' : ',"nack":false')
  writeWhere(fact, text)
}

function writeDelivered(fact: MessageDelivered, text: TextWriter): void {
  const { queue, noAck, redelivered, exchange, routingKey, size, call } = fact
  writePlace(fact, text)
  if (queue !== undefined) text.raw(',"queue":').string(queue)
  if (noAck) text.raw(',"noAck":true')
  text
    .raw(redelivered ? ',"redelivered":true,"exchange":' : ',"redelivered":false,"exchange":')
    .string(exchange)
  text.raw(',"routingKey":').string(routingKey).raw(',"size":').number(size)
  writeWhere(fact, text)
  if (call) writeCall(call, text)
}

function writeAcked(fact: MessageAcked, text: TextWriter): void {
  writePlace(fact, text)
  text
    .raw(fact.multiple ? ',"multiple":true,"how":"' : ',"multiple":false,"how":"')
    .raw(fact.how)
    .raw(fact.requeue ? '","requeue":true' : '","requeue":false')
  writeWhere(fact, text)
}

type Written = MessagePublished | MessageConfirmed | MessageDelivered | MessageAcked

/** With what all four begin. */
function writePlace({ kind, link, connection, channel, tag }: Written, text: TextWriter): void {
  text.raw('"kind":"').raw(kind).raw('","link":').string(link)
  text.raw(',"connection":').number(connection).raw(',"channel":').number(channel).raw(',"tag":').number(tag)
}

function writeWhere({ until, inserted }: Written, text: TextWriter): void {
  if (until !== undefined) text.raw(',"until":').number(until)
  if (inserted) text.raw(',"inserted":true')
}

function writeCall(call: CallFact, text: TextWriter): void {
  const { driver, kind, method, judged, identity, actions, timeoutMs, failed } = call
  text.raw(',"call":{"driver":"').raw(driver).raw('","kind":"').raw(kind).raw('","method":').string(method)
  text.raw(judged ? ',"judged":true,"identity":' : ',"judged":false,"identity":').string(identity)
  if (call.msgId !== undefined) text.raw(',"msgId":').string(call.msgId)
  if (call.replyTo !== undefined) text.raw(',"replyTo":').string(call.replyTo)
  if (call.workflow !== undefined) text.raw(',"workflow":').string(call.workflow)
  if (call.task !== undefined) text.raw(',"task":').string(call.task)
  if (call.action !== undefined) text.raw(',"action":').string(call.action)
  if (actions !== undefined) text.raw(',"actions":').raw(JSON.stringify(actions))
  if (timeoutMs !== undefined) text.raw(',"timeoutMs":').number(timeoutMs)
  if (failed !== undefined) text.raw(failed ? ',"failed":true' : ',"failed":false')
  text.raw('}')
}
