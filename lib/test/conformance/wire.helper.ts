import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { ask } from '../../api/ask.helper.ts'
import { until } from '../../proxy/rig.helper.ts'
import { monotonicMs } from '../../util/clock.ts'
import { poll } from '../../util/poll.ts'
import { within } from '../../util/within.ts'
import { Path } from './path.helper.ts'
import type { Candidate, Serving } from './servers.helper.ts'

/** Whoever has not answered by then does not answer: ours takes some milliseconds. */
const ANSWER_MS = 1000

/** Data keep coming for so long: for twice the time of the timeout that is to close the connection. */
const HEARTBEATS_MS = 600

/** Where the real one hangs, dies or loses something: each test says how it fails, and that ours does not. */
export function failuresOnTheWire({ real, shared, start }: Candidate): void {
  // What it would not survive is not done to a server that others use.
  const deadly = shared ? it.skip : it
  let serving: Serving
  let path: Path

  beforeEach(async () => {
    serving = await start()
    await ask(serving.url, 'DELETE', '/proxies/a')
    path = await Path.lay(serving.url)
  })

  afterEach(async () => {
    path[Symbol.dispose]()
    await serving[Symbol.asyncDispose]()
  })

  const lives = () =>
    ask(serving.url, 'GET', '/version').then(
      ({ status }) => status === 200,
      () => false,
    )

  deadly('1: a client that stops reading and one toxic hang its API', async () => {
    const client = await path.dial()
    const { socket } = await path.server.peer(0)
    socket.write(Buffer.alloc(2 ** 25))
    await stalled(socket)
    const added = answered(path.ask('POST', '/toxics', { type: 'latency', attributes: { latency: 1 } }))
    expect(await added).to.equal(real ? 'no answer' : 200)
    expect(await answered(path.ask('GET'))).to.equal(real ? 'no answer' : 200)
    client.socket.destroy()
  })

  // A slicer with its defaults ends it too, once its stack has taken a gigabyte.
  for (const [what, toxic] of [
    ['a slicer that varies more than it is long', slicer(5, 10)],
    ['a negative rate', { type: 'bandwidth', attributes: { rate: -1 } }],
  ] as const)
    deadly(`2: ${what} ends it`, async () => {
      const { client, server } = await path.connect()
      await path.ask('POST', '/toxics', { ...toxic, stream: 'upstream' })
      const ends = async () => {
        // It rolls dice for each piece.
        client.socket.write(Buffer.alloc(1000))
        return !(await lives()) || undefined
      }
      if (real) return poll(ends, { what: 'it ends', deadlineMs: 5000 })
      client.socket.write(Buffer.alloc(1000))
      await until('the bytes have passed', () => server.received.length === 1000)
      expect(await lives()).to.equal(true)
    })

  deadly('2: a huge jitter ends it', async () => {
    const { client } = await path.connect()
    // Twice the jitter, of which a part is drawn, overflows an integer of 64 bits.
    const huge = '{"type":"latency","stream":"upstream","attributes":{"jitter":4611686018427387904}}'
    const { status, text } = await path.ask('POST', '/toxics', huge)
    if (!real) {
      expect(status, text).to.equal(400)
      return expect(text).to.contain('jitter of latency must be')
    }
    const ends = async () => {
      client.socket.write('x')
      return !(await lives()) || undefined
    }
    await poll(ends, { what: 'it ends', deadlineMs: 5000 })
  })

  it('2: bandwidth with its default rate, 0, blocks for ever', async () => {
    const { status, text } = await path.ask('POST', '/toxics', { type: 'bandwidth', stream: 'upstream' })
    if (!real) {
      expect(status, text).to.equal(400)
      return expect(text).to.contain('rate of bandwidth must be')
    }
    const { client, server } = await path.connect()
    client.socket.write('blocked')
    // The other direction tells that the time for it has come and gone.
    server.socket.write('answer')
    await client.receives('answer')
    expect(server.received.length).to.equal(0)
  })

  deadly('4: a dial that nobody answers stalls its API', async () => {
    await using mute = await muteServer()
    await path.ask('POST', '', { upstream: mute.address })
    const before = mute.unanswered()
    await path.dial()
    // The system has taken the client; the server may not have, yet.
    await until('the server dials', () => mute.unanswered() > before)
    expect(await answered(path.ask('POST', '', { enabled: false }))).to.equal(real ? 'no answer' : 200)
  })

  it('5: a client that has sent all loses the reply', async () => {
    const { client, server } = await path.connect()
    client.socket.end('request')
    await server.receives('request')
    await server.hasEnded()
    if (real) return client.hasEnded()
    server.socket.end('reply')
    await client.receives('reply')
    await client.hasEnded()
  })

  it('5: a reset arrives as an orderly end', async () => {
    const { client, server } = await path.connect()
    server.socket.resetAndDestroy()
    await (real ? client.hasEnded() : client.isReset())
  })

  it('6: with the upstream down a client sees an orderly end', async () => {
    await path.ask('POST', '', { upstream: '127.0.0.1:9' })
    const client = (await path.dial()).read()
    await (real ? client.hasEnded() : client.isReset())
  })

  it('6: it cannot be told to refuse a client whose upstream is down', async () => {
    await path.ask('POST', '', { upstream: '127.0.0.1:9', on_upstream_error: 'refuse' })
    if (real) return (await path.dial()).read().hasEnded()
    const refused = () =>
      path.dial().then(
        () => undefined,
        // Until the first probe has failed, it is reset.
        (error: NodeJS.ErrnoException) => error.code === 'ECONNREFUSED' || undefined,
      )
    await poll(refused, { what: 'it refuses', deadlineMs: 5000 })
  })

  it('7: reset_peer acts on what toxicity spared', async () => {
    await path.add({ type: 'reset_peer', toxicity: 0 })
    const { client, server } = await path.connect()
    server.socket.write('hello')
    await client.receives('hello')
    server.socket.end()
    await (real ? client.isReset() : client.hasEnded())
  })

  it('7: reset_peer does not touch an idle connection', async () => {
    const { client } = await path.connect()
    await path.add({ type: 'reset_peer' })
    if (!real) return client.isReset()
    await path.ask('GET')
    expect(client).to.include({ ended: false, error: undefined })
  })

  it('7: reset_peer ends a connection in order that was there before it', async () => {
    const { client } = await path.connect()
    await path.add({ type: 'reset_peer', stream: 'upstream' })
    client.socket.write('hello')
    await (real ? client.hasEnded() : client.isReset())
  })

  deadly('7: reset_peer cannot be taken away while it waits', async () => {
    const { client } = await path.connect()
    await path.add({ type: 'reset_peer', stream: 'upstream', attributes: { timeout: 60_000 } })
    client.socket.write('hello')
    await path.ask('GET')
    const removed = await answered(path.ask('DELETE', '/toxics/reset_peer_upstream'))
    expect(removed).to.equal(real ? 'no answer' : 204)
  })

  it('7: timeout never closes a connection that has a heartbeat', async () => {
    const mode = real ? {} : { mode: 'absolute' }
    await path.add({
      type: 'timeout',
      stream: 'upstream',
      attributes: { timeout: HEARTBEATS_MS / 2, ...mode },
    })
    const { client, server } = await path.connect()
    const begun = monotonicMs()
    // A beat that nobody has read yet makes it a reset.
    const hasEnded = () => client.ended || client.error !== undefined
    const beats = () => {
      client.socket.write('beat')
      return hasEnded() || monotonicMs() - begun > HEARTBEATS_MS
    }
    await poll(async () => beats() || undefined, { what: 'it ends', deadlineMs: 5000, everyMs: 10 })
    expect(hasEnded()).to.equal(!real)
    expect(server.received.length).to.equal(0)
  })

  it('8: a change of one toxic rolls the dice of another again', async () => {
    const connections = []
    for (let n = 0; n < 20; n += 1) connections.push(await path.connect())
    await path.add({ type: 'timeout', stream: 'upstream', toxicity: 0.5 })
    const rounds = '12345678'.split('')
    for (const round of rounds) {
      for (const { client } of connections) client.socket.write(round)
      await path.add({ type: 'noop', stream: 'upstream' })
      await path.remove('noop_upstream')
    }
    for (const { client } of connections) client.socket.end()
    for (const { server } of connections) await server.hasEnded()
    const passed = connections.map(({ server }) => server.received.toString())
    const whole = (text: string) => ['', rounds.join('')].includes(text)
    expect(passed.every(whole), passed.join()).to.equal(!real)
    expect(new Set(passed)).to.have.property('size').above(1)
  })

  it('9: its counters move only when a connection has ended', async () => {
    const { client, server } = await path.connect()
    client.socket.write('hello')
    await server.receives('hello')
    const { text } = await ask(serving.url, 'GET', '/metrics')
    const counted = /^toxiproxy_proxy_received_bytes_total\{.*direction="upstream".*proxy="a".*\} (\d+)$/m
    expect(counted.exec(text)?.[1]).to.equal(real ? undefined : '5')
  })
}

const answered = (work: Promise<{ status: number }>) =>
  within(
    ANSWER_MS,
    work.then(({ status }) => status),
    'no answer',
  )

const slicer = (average_size: number, size_variation: number) => ({
  type: 'slicer',
  attributes: { average_size, size_variation },
})

/** Until nothing of what was written leaves any more. */
async function stalled(socket: Socket): Promise<void> {
  let before = -1
  const stands = () => {
    const left = socket.writableLength
    const stood = left === before
    before = left
    return stood || undefined
  }
  await poll(async () => stands(), { what: 'the client has stalled', deadlineMs: 5000, everyMs: 100 })
}

/** proc(5): a dial in /proc/net/tcp that has not been answered. */
const SYN_SENT = '02'

/** Unanswered dials of this host to a port. */
function dialsTo(port: number): number {
  const rows = readFileSync('/proc/net/tcp', 'latin1').trim().split('\n').slice(1)
  return rows.filter((row) => {
    // sl local_address rem_address st …
    const [, , remote = '', state] = row.trim().split(/\s+/)
    return state === SYN_SENT && Number.parseInt(remote.split(':')[1] ?? '', 16) === port
  }).length
}

/** A server whose system answers no more dials: it has stopped, and its queue is full. */
async function muteServer(): Promise<AsyncDisposable & { address: string; unanswered(): number }> {
  const script = `const s = require('node:net').createServer(); s.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [printed] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(printed.toString())
  child.kill('SIGSTOP')
  const queued: Socket[] = []
  const isTaken = () => {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    queued.push(socket)
    return within(
      200,
      once(socket, 'connect').then(() => true),
      false,
    )
  }
  while (await isTaken());
  return {
    address: `127.0.0.1:${port}`,
    unanswered: () => dialsTo(port),
    [Symbol.asyncDispose]: async () => {
      for (const socket of queued) socket.destroy()
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}
