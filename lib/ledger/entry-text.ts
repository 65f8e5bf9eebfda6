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
  const { mandatory, expirationMs, size, call, body } = fact
  text.copy(placeText(fact)).number(fact.tag).copy(routeText(fact))
  if (mandatory) text.raw(',"mandatory":true')
  if (expirationMs !== undefined) text.raw(',"expirationMs":').number(expirationMs)
  text.raw(',"size":').number(size)
  writeWhere(fact, text)
  if (call) writeCall(call, text)
  if (body !== undefined) text.raw(',"body":').string(body)
}

function writeConfirmed(fact: MessageConfirmed, text: TextWriter): void {
  text.copy(placeText(fact)).number(fact.tag)
  text
    .raw(fact.multiple ? ',"multiple":true' : ',"multiple":false')
    .raw(fact.nack ? ',"nack":true' : ',"nack":false')
  writeWhere(fact, text)
}

function writeDelivered(fact: MessageDelivered, text: TextWriter): void {
  const { queue, noAck, redelivered, size, call } = fact
  text.copy(placeText(fact)).number(fact.tag)
  if (queue !== undefined) text.raw(',"queue":').string(queue)
  if (noAck) text.raw(',"noAck":true')
  text.raw(redelivered ? ',"redelivered":true' : ',"redelivered":false').copy(routeText(fact))
  text.raw(',"size":').number(size)
  writeWhere(fact, text)
  if (call) writeCall(call, text)
}

function writeAcked(fact: MessageAcked, text: TextWriter): void {
  text.copy(placeText(fact)).number(fact.tag)
  text
    .raw(fact.multiple ? ',"multiple":true,"how":"' : ',"multiple":false,"how":"')
    .raw(fact.how)
    .raw(fact.requeue ? '","requeue":true' : '","requeue":false')
  writeWhere(fact, text)
}

/** Texts that were written lately are not made again: they are few, and in every line. */
const KNOWN = 256

interface Place {
  kind: string
  link: string
  connection: number
  channel: number
  text: Buffer
}

/** `message.published` and the others differ from here on. */
const VERB_AT = 'message.'.length

const places: (Place | undefined)[] = Array.from({ length: KNOWN })

/** With what all four begin, up to the tag. */
function placeText({ kind, link, connection, channel }: Omit<Place, 'text'>): Buffer {
  const index = (31 * connection + 7 * channel + kind.charCodeAt(VERB_AT)) & (KNOWN - 1)
  const known = places[index]
  if (
    known?.kind === kind &&
    known.connection === connection &&
    known.channel === channel &&
    known.link === link
  )
    return known.text
  const members = JSON.stringify({ kind, link, connection, channel }).slice(1, -1)
  const text = Buffer.from(`${members},"tag":`)
  places[index] = { kind, link, connection, channel, text }
  return text
}

interface Route {
  exchange: string
  routingKey: string
  text: Buffer
}

const routes: (Route | undefined)[] = Array.from({ length: KNOWN })

/** Where a message goes. */
function routeText({ exchange, routingKey }: Omit<Route, 'text'>): Buffer {
  const index = (31 * exchange.length + routingKey.length) & (KNOWN - 1)
  const known = routes[index]
  if (known?.routingKey === routingKey && known.exchange === exchange) return known.text
  const text = Buffer.from(`,${JSON.stringify({ exchange, routingKey }).slice(1, -1)}`)
  routes[index] = { exchange, routingKey, text }
  return text
}

type Written = MessagePublished | MessageConfirmed | MessageDelivered | MessageAcked

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
