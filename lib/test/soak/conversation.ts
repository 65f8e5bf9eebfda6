import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { seededRandom } from '../../util/random.ts'
import { Checker, send } from './stream.ts'

/** What a client says first: the conversation's number and how much the server is to send, in two 32-bit words. */
const HEADER_BYTES = 8
/** The server is to send until the client has ended. */
const ENDLESS = 2 ** 32 - 1

/** One end of a conversation. */
interface Side {
  checker: Checker
  sent: number
  ended: boolean
  closed: Promise<unknown>
}

/** A server to which clients talk through proxies; both ends check each byte that they get. */
export class Talks {
  begun = 0
  checkedBytes = 0
  readonly #seed: string
  readonly #wrong: (text: string) => void
  readonly #server: Server
  /** Who waits for the server's side of a conversation to have closed. */
  readonly #awaited = new Map<number, (side: Side) => void>()

  /** @param wrong is told of each stream of which another byte arrived than was sent. */
  constructor(seed: string, wrong: (text: string) => void) {
    this.#seed = seed
    this.#wrong = wrong
    this.#server = createServer({ allowHalfOpen: true }, (socket) => void this.#answer(socket))
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.close()
  }

  /**
   * One conversation that may be cut, until the client has closed it.
   * @param limit Bytes that each stream has at most.
   */
  async hold(port: number, limit: number): Promise<void> {
    await this.#speak(this.#next(), port, limit)
  }

  /**
   * One conversation that nothing may cut, until both ends have closed it.
   * @param until Either how many bytes each stream has at most, or when both are to end.
   * @returns whether each stream was complete, until and including its end.
   */
  async holdWhole(port: number, until: number | (() => boolean)): Promise<boolean> {
    const number = this.#next()
    const { promise, resolve } = Promise.withResolvers<Side>()
    this.#awaited.set(number, resolve)
    const mine = await this.#speak(number, port, until)
    const theirs = await promise
    this.#awaited.delete(number)
    return isWhole(mine, theirs) && isWhole(theirs, mine)
  }

  #next(): number {
    this.begun += 1
    return this.begun
  }

  async #speak(number: number, port: number, until: number | (() => boolean)): Promise<Side> {
    const random = seededRandom(this.#seed, 'client', number)
    const endless = typeof until === 'function'
    const draw = () => (endless ? ENDLESS : Math.floor(random() * until))
    const [length, answer] = [draw(), draw()]
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    const mine = checked(socket, 2 * number + 1)
    const header = Buffer.alloc(HEADER_BYTES)
    header.writeUInt32LE(number, 0)
    header.writeUInt32LE(answer, 4)
    socket.write(header)
    const stopped = endless ? until : () => false
    mine.sent = await send(socket, { stream: 2 * number, length, random, stopped })
    await mine.closed
    this.#judge(`the client of conversation ${number}`, mine)
    return mine
  }

  async #answer(socket: Socket): Promise<void> {
    socket.on('error', () => {})
    const header = await firstBytes(socket, HEADER_BYTES)
    if (!header) return void socket.destroy()
    const number = header.readUInt32LE(0)
    const length = header.readUInt32LE(4)
    const side = checked(socket, 2 * number)
    const random = seededRandom(this.#seed, 'server', number)
    const stopped = () => length === ENDLESS && side.ended
    side.sent = await send(socket, { stream: 2 * number + 1, length, random, stopped })
    await side.closed
    this.#judge(`the server of conversation ${number}`, side)
    this.#awaited.get(number)?.(side)
  }

  #judge(who: string, { checker }: Side): void {
    this.checkedBytes += checker.received
    if (checker.wrongAt !== undefined) this.#wrong(`${who} got a wrong byte at ${checker.wrongAt}`)
  }
}

const isWhole = (from: Side, to: Side): boolean => to.ended && to.checker.received === from.sent

function checked(socket: Socket, stream: number): Side {
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const side: Side = { checker: new Checker(stream), sent: 0, ended: false, closed }
  socket.on('error', () => {})
  socket.on('data', (bytes: Buffer) => side.checker.take(bytes))
  socket.on('end', () => (side.ended = true))
  return side
}

/** What comes behind them is left for who reads next; undefined if the stream is shorter. */
function firstBytes(socket: Socket, count: number): Promise<Buffer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>()
  const look = () => {
    const bytes = socket.read(count) as Buffer | null
    if (bytes?.length === count) done(bytes)
    else if (bytes) done(undefined)
  }
  const none = () => done(undefined)
  const done = (bytes: Buffer | undefined) => {
    socket.off('readable', look)
    socket.off('end', none)
    socket.off('close', none)
    resolve(bytes)
  }
  socket.on('readable', look)
  socket.on('end', none)
  socket.on('close', none)
  return promise
}
