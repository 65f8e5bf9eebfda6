import { expect } from 'chai'
import * as fc from 'fast-check'
import { defineAmqpToxic } from '../../toxic/amqp.ts'
import type { AttributeValue } from '../../toxic.ts'
import { AmqpDecoder } from '../../wire/amqp/decoder.ts'
import { encodeMessage } from '../../wire/amqp/encode.ts'
import { FrameReader } from '../../wire/amqp/frame.ts'
import { cut, cuts } from '../../wire/amqp/trace.helper.ts'
import { rig, spec, until } from '../rig.helper.ts'

const HEADER = Buffer.from('AMQP\0\0\t\x01', 'latin1')
const CHANNELS = [1, 2]

const eraser = defineAmqpToxic({
  type: 'eraser',
  about: 'For tests.',
  attributes: {},
  on: { upstream: ['basic.publish'] },
  open: (lane) => ({ strike: (chunk) => lane.drop(chunk) }),
})

interface Published {
  channel: number
  call: string
  routingKey: string
  /** Of a frame at most, in bytes: a call's name may be cut in two. */
  frameMax: number
}

const published = fc.record({
  channel: fc.constantFrom(...CHANNELS),
  call: fc.constantFrom('run_action', 'on_action_complete', 'start_workflow'),
  routingKey: fc.constantFrom('engine', 'executor'),
  frameMax: fc.constantFrom(0, 12, 23, 50, 100),
})

let runs = 0

/** What is sent again does not count: its identity is of its run too. */
const bodyOf = (number: number, method: string): Buffer =>
  Buffer.from(
    JSON.stringify({
      'oslo.version': '2.0',
      'oslo.message': JSON.stringify({ method, args: {}, _unique_id: `m${number}of${runs}` }),
    }),
  )

/** Their frames, those of the channels by turns. */
function woven(all: readonly Published[]): Buffer {
  const byChannel = CHANNELS.map((channel) => {
    const frames: Buffer[] = []
    const reader = new FrameReader({ onFrame: ({ raw }) => void frames.push(raw) })
    reader.push(HEADER)
    frames.length = 0
    for (const [number, { channel: own, call, routingKey, frameMax }] of all.entries())
      if (own === channel) reader.push(publish(number, { channel, call, routingKey, frameMax }))
    return frames
  })
  const frames: Buffer[] = []
  while (byChannel.some(({ length }) => length > 0))
    for (const one of byChannel) frames.push(...one.splice(0, 1))
  return Buffer.concat([HEADER, ...frames])
}

const publish = (number: number, { channel, call, routingKey, frameMax }: Published): Buffer =>
  encodeMessage(
    channel,
    'basic.publish',
    { ticket: 0, exchange: '', routingKey, mandatory: false, immediate: false },
    { properties: {}, body: bodyOf(number, call) },
    frameMax,
  )

/** What is asked for, and which of the messages that are. */
const asked: [string, Record<string, AttributeValue>[], (one: Published) => boolean][] = [
  ['by its call', [{ call: 'run_action' }], ({ call }) => call === 'run_action'],
  ['by its address', [{ routing_key: 'eng*' }], ({ routingKey }) => routingKey === 'engine'],
  ['by its body', [{ body: 'start_.orkflow' }], ({ call }) => call === 'start_workflow'],
  [
    'by both its call and its address',
    [{ call: 'run_action', routing_key: 'engine' }],
    ({ call, routingKey }) => call === 'run_action' && routingKey === 'engine',
  ],
  [
    'by one of two toxics',
    [{ call: 'run_action' }, { call: 'start_workflow', routing_key: 'executor' }],
    ({ call, routingKey }) =>
      call === 'run_action' || (call === 'start_workflow' && routingKey === 'executor'),
  ],
  ['by nothing that is there', [{ call: 'nobody' }, { method: 'basic.get' }], () => false],
]

/** The numbers of the messages of each channel, in their order. */
const numbersOf = (bytes: Buffer): number[][] => {
  const found: [number, number][] = []
  const decoder = new AmqpDecoder({
    onMessage: ({ method, channel, content }) => {
      if (method !== 'basic.publish') return
      found.push([channel, Number(/\\"m(\d+)of/.exec(content.body.toString())?.[1])])
    },
  })
  decoder.push(bytes)
  expect(decoder.opaque).to.equal(undefined)
  return CHANNELS.map((channel) => found.filter(([own]) => own === channel).map(([, number]) => number))
}

describe('messages, of which only those are looked at that may be asked for', () => {
  for (const [how, toxics, isAsked] of asked)
    it(`are struck if they are asked for ${how}, however they are cut`, async function () {
      this.timeout(30_000)
      const specs = toxics.map((attributes, index) =>
        spec(eraser, { name: `e${index}`, stream: 'upstream', attributes: { ...attributes, count: 0 } }),
      )
      using it = await rig(specs, { follows: () => true })
      await fc.assert(
        fc.asyncProperty(fc.array(published, { maxLength: 12 }), cuts, async (all, lengths) => {
          runs += 1
          const { client, server } = await it.connect()
          for (const piece of cut(woven(all), lengths)) client.socket.write(piece)
          client.socket.end()
          await until('all has come', () => server.ended)
          const kept = CHANNELS.map((channel) =>
            [...all.keys()].filter((number) => {
              const one = all[number] as Published
              return one.channel === channel && !isAsked(one)
            }),
          )
          expect(numbersOf(server.received)).to.deep.equal(kept)
          server.socket.end()
        }),
        { numRuns: 25, endOnFailure: true },
      )
    })
})
