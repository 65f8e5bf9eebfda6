import { expect } from 'chai'
import { defineToxic, type Hooks, type ToxicLane } from '../toxic.ts'
import { delay, rig, spec, until, type Rig } from './rig.helper.ts'

/** A toxic that is opened like this on the first connection only. */
function broken(open: (lane: ToxicLane) => unknown) {
  let first = true
  return defineToxic({
    type: 'broken',
    about: 'For tests.',
    attributes: {},
    open(lane) {
      if (!first) return {}
      first = false
      return open(lane) as Hooks
    },
  })
}

const fail = () => {
  throw new Error('I am broken')
}

const failWith = (thrown: unknown) => () => {
  throw thrown
}

const WITHOUT_TEXT = Object.defineProperty(new Error(), 'message', { get: fail })

/** Each place in which a toxic's code runs, with a bug in it. */
const bugs: Record<string, (lane: ToxicLane) => unknown> = {
  open: fail,
  'what open gives': () => undefined,
  'open that is asynchronous': async () => ({}),
  data: () => ({ data: fail }),
  'data that is asynchronous': () => ({ data: async () => fail() }),
  'a hook that is no function': () => ({ data: 3 }),
  'what has no text': () => ({ data: failWith(Object.create(null)) }),
  'an error whose text fails': () => ({ data: failWith(WITHOUT_TEXT) }),
  end: () => ({ end: fail }),
  updated: () => ({ updated: fail }),
  'a timer': (lane) => {
    lane.after(1, fail)
    return {}
  },
  'a pace': (lane) => ({ data: (chunk: never) => lane.pace(chunk, fail) }),
  'a pace, when its next piece is due': (lane) => {
    let asked = 0
    const next = () => (++asked > 1 ? fail() : { size: 1, due: lane.now() + 1 })
    return { data: (chunk: never) => lane.pace(chunk, next) }
  },
  'a piece of nothing': (lane) => ({ data: (chunk: never) => lane.pace(chunk, () => ({ size: 0, due: 0 })) }),
  'what is sent': (lane) => ({ data: () => lane.send({ bytes: 'text' as never, at: 0 }, lane.now() + 1) }),
  'what is sent back': (lane) => ({ data: () => lane.pair.send('text' as never) }),
  'the time at which it leaves': (lane) => ({ data: (chunk: never) => lane.send(chunk, NaN) }),
  'what is shared': (lane) => ({ data: () => lane.shared(fail) }),
}

/** Runs everything that a toxic can hook, on the first connection; `updated` only if told, since what is in hand leaves then. */
async function provoke(it: Rig, updated: boolean): Promise<void> {
  const { client, server } = await it.connect()
  client.socket.write('data')
  const open = () => it.proxy.connections().some(({ id, upstreamBytes }) => id === 1 && upstreamBytes === 0)
  await until('the data has come', () => !open())
  if (updated) it.proxy.toxics.update('broken', { attributes: { changed: 1 } })
  client.socket.end()
  await client.isEndedWith(server)
}

describe('a bug in a toxic', () => {
  for (const [place, open] of Object.entries(bugs))
    it(`ends its connection, is reported, and touches nothing else: ${place}`, async () => {
      using it = await rig([spec(broken(open)), spec(delay, { attributes: { ms: 1 } })])
      await provoke(it, place === 'updated')
      const other = await it.connect()
      other.client.socket.write('here')
      await other.server.receives('here')
      other.server.socket.write('and there')
      await other.client.receives('and there')
      const failures = it.events.filter((event) => event.kind === 'failed')
      expect(failures.map(({ what, connection }) => [what, connection])).to.deep.equal([['broken', 1]])
      expect(failures[0]?.error).to.match(/broken|hooks|function|piece|Buffer|due|no text/)
      expect(it.proxy.connections().map(({ id }) => id)).to.deep.equal([2])
      const { connections, lanes, cuts } = it.proxy.evidence()
      expect(connections).to.include({ opened: 2, open: 1, closed: 1 })
      expect(lanes.upstream.held).to.equal(0)
      expect(cuts.map(({ by }) => by)).to.deep.equal(['broken'])
    })
})
