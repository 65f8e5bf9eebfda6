import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Entry, Fact } from '../../ledger/entries.ts'
import { readJournal } from '../../ledger/journal.ts'
import { noBytes } from '../../proxy/evidence.ts'
import { HarnessError, messageOf } from '../../util/errors.ts'
import { poll } from '../../util/poll.ts'
import { encodeMessage } from '../../wire/amqp/encode.ts'
import { Recorder, type RecorderOptions } from './recorder.ts'

const HEADER = Buffer.from('AMQP\0\0\t\x01', 'latin1')
const LINK = 'engine-1.rabbitmq'
const FIELDS = {
  ticket: 0,
  exchange: 'openstack',
  routingKey: 'mistral_engine',
  mandatory: false,
  immediate: false,
}
const publish = encodeMessage(1, 'basic.publish', FIELDS, { properties: {}, body: Buffer.from('no call') })

const ready = (node: string): Fact => ({ kind: 'node.ready', node, afterMs: 1 })
const closed = { kind: 'connection.closed', proxy: LINK, connection: 1, at: 0, cut: undefined } as const

/** What an entry is about: a node, or its kind. */
const about = (entry: Entry): string => (entry.kind === 'node.ready' ? entry.node : entry.kind)

describe('the recorder', () => {
  let folder: string
  let file: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'recorder-'))
    file = join(folder, 'journal.ndjson')
  })
  afterEach(() => rm(folder, { recursive: true }))

  const opened = (options?: Partial<RecorderOptions>) => Recorder.open(file, { side: 'node', ...options })

  /** In a thread that behaves like this one. */
  async function openedWith(source: string, options?: Partial<RecorderOptions>): Promise<Recorder> {
    const thread = new URL(`data:text/javascript,${encodeURIComponent(source)}`)
    return opened({ thread, ...options })
  }

  it('journals what passes and what is told in the order in which it happened', async () => {
    const recorder = await opened()
    recorder.append(ready('first'))
    const tap = recorder.watch.tap(LINK, 1, 'upstream')
    const begun = recorder.now()
    tap?.arrived(HEADER, performance.now())
    tap?.arrived(publish.subarray(0, 30), performance.now())
    recorder.append(ready('between'))
    tap?.arrived(publish.subarray(30), performance.now())
    const at = recorder.append(ready('behind'))
    recorder.watch.onEvent({ ...closed, bytes: { upstream: noBytes(), downstream: noBytes() } })
    await recorder.flush()
    const entries = recorder.entries()
    expect(entries.map(about)).to.deep.equal([
      'first',
      'connection.opened',
      'between',
      'message.published',
      'behind',
      'connection.closed',
    ])
    expect(entries[4]?.at).to.equal(at)
    expect(entries[3]?.at).to.be.within(begun, at)
    await recorder.close()
    expect(await readJournal(file)).to.deep.equal({ entries })
  })

  it('journals what toxics did to messages in its place between the bytes, however long', async () => {
    const recorder = await opened()
    const tap = recorder.watch.tap(LINK, 1, 'upstream')
    const body = Buffer.alloc(5 * 2 ** 20, 'x')
    const long = encodeMessage(1, 'basic.publish', FIELDS, { properties: {}, body })
    const until = HEADER.length + publish.length
    tap?.arrived(Buffer.concat([HEADER, publish]), performance.now())
    tap?.altered({ kind: 'withheld', until }, performance.now())
    tap?.altered({ kind: 'inserted', bytes: long }, performance.now())
    tap?.arrived(long, performance.now())
    tap?.altered({ kind: 'released', until }, performance.now())
    await recorder.close()
    const seen = recorder.entries().slice(1)
    expect(seen.map(about)).to.deep.equal([
      'message.published',
      'message.withheld',
      'message.published',
      'message.published',
      'message.released',
    ])
    expect(seen[1]).to.deep.include({ stream: 'upstream', until })
    expect(seen[2]).to.deep.include({ inserted: true, size: body.length }).and.not.have.property('until')
    expect(seen[3]).to.deep.include({ size: body.length, until: until + long.length })
  })

  it('tells what passes while that is asked for, also where it is not among the entries', async () => {
    for (const retainsWire of [true, false]) {
      const told: string[] = []
      const recorder = await opened({ retainsWire, onWire: (entry) => told.push(about(entry)) })
      const tap = recorder.watch.tap(LINK, 1, 'upstream')
      tap?.arrived(HEADER, performance.now())
      recorder.tellsWire(true)
      recorder.append(ready('a'))
      tap?.arrived(publish, performance.now())
      await poll(() => told.at(-1) === 'message.published' || undefined, { what: 'it', deadlineMs: 2000 })
      recorder.tellsWire(false)
      tap?.arrived(publish, performance.now())
      await recorder.close()
      expect(told.filter((kind) => kind === 'message.published')).to.have.length(1)
      expect(recorder.entries().map(about)).to.deep.equal(
        retainsWire ? ['connection.opened', 'a', 'message.published', 'message.published'] : ['a'],
      )
    }
  })

  it('has everything among its entries that was recorded before a flush, however long', async () => {
    const recorder = await opened()
    const long = 'ü'.repeat(6 * 2 ** 20)
    for (let number = 0; number < 3; number += 1) recorder.append(ready(`${number}${long}`))
    await recorder.flush()
    const names = recorder.entries().map(about)
    expect(names.map((name) => name.length)).to.deep.equal([0, 1, 2].map(() => 1 + long.length))
    expect(names.map((name) => name[0]).join('')).to.equal('012')
    expect(names.every((name) => name.endsWith(long))).to.equal(true)
    await recorder.close()
  })

  it('keeps what passes out of its entries where that was asked for, and in its file', async () => {
    const recorder = await opened({ retainsWire: false })
    recorder.watch.tap(LINK, 1, 'upstream')?.arrived(HEADER, performance.now())
    recorder.append(ready('a'))
    await recorder.close()
    expect(recorder.entries().map(about)).to.deep.equal(['a'])
    expect((await readJournal(file)).entries.map(about)).to.deep.equal(['connection.opened', 'a'])
  })

  it('does not look at what nobody can read', async () => {
    const recorder = await opened()
    expect(recorder.watch.tap('engine-1.memcached', 1, 'upstream')).to.equal(undefined)
    await recorder.close()
  })

  it('keeps a full disk as its error, and goes on in memory', async () => {
    const seen: HarnessError[] = []
    const recorder = await Recorder.open('/dev/full', { side: 'node', onError: (error) => seen.push(error) })
    recorder.append(ready('a'))
    await recorder.close()
    expect(recorder.error).to.be.instanceOf(HarnessError)
    expect(recorder.error?.message).to.match(/^the journal \/dev\/full cannot be written: ENOSPC/)
    expect(seen).to.deep.equal([recorder.error])
    expect(recorder.entries().map(about)).to.deep.equal(['a'])
  })

  it('keeps what comes after its end as its error', async () => {
    const recorder = await opened()
    await recorder.close()
    recorder.append(ready('a'))
    await recorder.flush()
    expect(recorder.error?.message).to.match(/node.ready was appended after the journal's end/)
  })

  it('says why its thread could not be started', async () => {
    const error = await openedWith('throw new Error("no such thing")').catch((thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(HarnessError)
    expect(messageOf(error)).to.match(/no such thing/)
  })

  /** It says that it sleeps, and that it is there. */
  const PORT = `import { parentPort, workerData } from 'node:worker_threads'
    new Int32Array(workerData.ring.control)[2] = 1
    parentPort.postMessage({ kind: 'ready' })`

  it('keeps the end of its thread as its error, and holds up neither traffic nor a flush', async () => {
    const source = `${PORT}
      parentPort.on('message', () => { throw new Error('out of order') })`
    const recorder = await openedWith(source)
    const tap = recorder.watch.tap(LINK, 1, 'upstream')
    await recorder.flush()
    expect(recorder.error?.message).to.match(/cannot be kept: out of order/)
    const begun = performance.now()
    for (let piece = 0; piece < 1000; piece += 1) tap?.arrived(Buffer.alloc(2 ** 16), performance.now())
    expect(performance.now() - begun).to.be.below(1000)
    await recorder.close()
  })

  it('holds up who records no longer than its thread needs to make room, and loses nothing', async () => {
    const recorder = await opened()
    const tap = recorder.watch.tap(LINK, 1, 'upstream')
    tap?.arrived(HEADER, performance.now())
    const piece = Buffer.concat(Array.from({ length: 400 }, () => publish))
    // Several times what there is room for, and no turn of this thread in between.
    const pieces = Math.ceil((3 * 8 * 2 ** 20) / piece.length)
    let longest = 0
    for (let number = 0; number < pieces; number += 1) {
      const begun = performance.now()
      tap?.arrived(piece, begun)
      longest = Math.max(longest, performance.now() - begun)
    }
    await recorder.close()
    expect(recorder.error).to.equal(undefined)
    expect(longest).to.be.below(1000)
    expect(recorder.entries().at(-1)).to.include({ until: HEADER.length + pieces * piece.length })
    expect(recorder.entries()).to.have.length(1 + 400 * pieces)
  }).timeout(30_000)

  it('gives a thread up that never answers', async () => {
    const recorder = await openedWith(`${PORT}\nparentPort.on('message', () => {})`, { patienceMs: 20 })
    recorder.append(ready('a'))
    await recorder.flush()
    expect(recorder.error?.message).to.match(/its thread gets on no more/)
    await recorder.close()
  })

  it('gives a thread up that does nothing, once, and lets the traffic go on', async () => {
    const recorder = await openedWith(PORT, { patienceMs: 50 })
    const tap = recorder.watch.tap(LINK, 1, 'upstream')
    const begun = performance.now()
    for (let piece = 0; piece < 1000; piece += 1) tap?.arrived(Buffer.alloc(2 ** 16), performance.now())
    expect(performance.now() - begun).to.be.below(2000)
    expect(recorder.error?.message).to.match(/its thread gets on no more/)
    await recorder.close()
  })
})
