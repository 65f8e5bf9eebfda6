import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { poll } from '../../util/poll.ts'

/** Kernel memory for what dumpcap has not read yet, in MiB: it must not lose a packet while both processors are busy. */
const BUFFER_MIB = 512
const LIMIT_MS = 20_000

/** Takes down all that passes over TCP on loopback. */
export interface Capture {
  /**
   * @returns All that was sent before, in the format of libpcap.
   * @throws if a packet was lost.
   */
  end(): Promise<Buffer>
}

/** Why nothing can be captured here; undefined: it can. */
export function captureLacks(): string | undefined {
  const lacking = ['tshark', 'dumpcap'].filter((program) => spawnSync(program, ['--version']).error)
  if (lacking.length > 0) return `${lacking.join(' and ')} is not installed (Debian's package tshark)`
  const { status, stderr } = spawnSync('dumpcap', ['-i', 'lo', '-L'], { encoding: 'utf8' })
  if (status === 0) return undefined
  return `only root and whom setcap allows it may capture on loopback: ${stderr.split('\n', 1)[0]}`
}

/**
 * Why a test that needs a capture is left out; undefined: it runs.
 * @param lacks As `captureLacks` says.
 * @param ci The environment's CI: where it is set, a proof that is left out must not look like one that was given.
 * @throws there, if something is lacking.
 */
export function captureLeftOut(lacks: string | undefined, ci: string | undefined): string | undefined {
  if (lacks !== undefined && ci) throw new Error(`CI needs it: ${lacks}`)
  return lacks
}

/** Begins a capture, and returns when it sees what passes. */
export async function startCapture(): Promise<Capture> {
  const marks = createSocket('udp4')
  marks.bind(0, '127.0.0.1')
  await once(marks, 'listening')
  const { port } = marks.address()
  const filter = `tcp or udp dst port ${port}`
  const child = spawn('dumpcap', ['-i', 'lo', '-f', filter, '-B', String(BUFFER_MIB), '-P', '-w', '-'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const sees = lookout(child)
  await sees.mark(marks, port)
  return {
    end: async () => {
      await sees.mark(marks, port)
      marks.close()
      child.kill('SIGTERM')
      await once(child, 'close')
      return sees.all()
    },
  }
}

type Dumpcap = ChildProcessByStdio<null, Readable, Readable>

/** Keeps what dumpcap says and knows whether a mark has come by. */
function lookout(child: Dumpcap) {
  const chunks: Buffer[] = []
  let said = ''
  let awaited = ''
  let seen = false
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  child.stdout.on('data', (chunk: Buffer) => {
    // A mark may lie across two chunks.
    const before = chunks.at(-1)?.subarray(-awaited.length) ?? Buffer.alloc(0)
    seen ||= awaited !== '' && Buffer.concat([before, chunk]).includes(awaited)
    chunks.push(chunk)
  })
  return {
    /** Sends something unmistakable until it is seen: then all that was sent before has been seen too. */
    mark: async (socket: Socket, port: number): Promise<void> => {
      awaited = randomUUID()
      seen = false
      const look = () => {
        if (child.exitCode !== null) throw new Error(`dumpcap has ended: ${said}`)
        if (!seen) socket.send(awaited, port, '127.0.0.1')
        return seen || undefined
      }
      await poll(look, { what: 'dumpcap sees what passes', deadlineMs: LIMIT_MS, detail: () => said })
    },
    all: (): Buffer => {
      const [, dropped] = /: \d+\/(\d+) \(pcap:/.exec(said) ?? []
      if (dropped !== '0')
        throw new Error(`dumpcap has lost ${dropped ?? 'nobody knows how many'} packets: ${said}`)
      return Buffer.concat(chunks)
    },
  }
}
