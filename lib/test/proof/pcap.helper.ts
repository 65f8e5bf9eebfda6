/** Captures in the file format of libpcap, taken on loopback: what passed between two ports. */

/*
  File:    magic 4 | version 4 | zone 4 | accuracy 4 | snapshot 4 | link type 4 | records
  Record:  seconds 4 | microseconds 4 | captured length 4 | original length 4 | packet
  Packet:  Ethernet 14 | IPv4 20 or more | TCP 20 or more | payload
*/
const FILE_HEAD_BYTES = 24
const RECORD_HEAD_BYTES = 16
const ETHERNET_BYTES = 14
const MAGIC = 0xa1b2c3d4
const ETHERNET = 1
const IPV4 = 0x0800
const TCP = 6
const SYN = 0x02

interface Segment {
  from: number
  to: number
  sequence: number
  syn: boolean
  payload: Buffer
  /** The record with its head. */
  record: Buffer
}

/** The TCP segments of a capture, in order. */
function* segmentsIn(pcap: Buffer): Generator<Segment> {
  if (pcap.readUInt32LE(0) !== MAGIC || pcap.readUInt32LE(20) !== ETHERNET)
    throw new Error('not a capture of Ethernet packets with microseconds, in the byte order of this machine')
  for (let at = FILE_HEAD_BYTES; at + RECORD_HEAD_BYTES <= pcap.length;) {
    const captured = pcap.readUInt32LE(at + 8)
    const original = pcap.readUInt32LE(at + 12)
    const end = at + RECORD_HEAD_BYTES + captured
    if (captured < original) throw new Error('a packet was not captured whole')
    const segment = segmentOf(pcap.subarray(at, end))
    if (segment) yield segment
    at = end
  }
}

function segmentOf(record: Buffer): Segment | undefined {
  const packet = record.subarray(RECORD_HEAD_BYTES)
  if (packet.readUInt16BE(12) !== IPV4) return undefined
  const ip = packet.subarray(ETHERNET_BYTES)
  if (ip.readUInt8(9) !== TCP) return undefined
  const tcp = ip.subarray((ip.readUInt8(0) & 0x0f) * 4, ip.readUInt16BE(2))
  return {
    from: tcp.readUInt16BE(0),
    to: tcp.readUInt16BE(2),
    sequence: tcp.readUInt32BE(4),
    syn: (tcp.readUInt8(13) & SYN) !== 0,
    payload: tcp.subarray((tcp.readUInt8(12) >> 4) * 4),
    record,
  }
}

/** The same capture without what neither comes from one of these ports nor goes to one. */
export function only(pcap: Buffer, ports: ReadonlySet<number>): Buffer {
  const records = [...segmentsIn(pcap)]
    .filter(({ from, to }) => ports.has(from) || ports.has(to))
    .map(({ record }) => record)
  return Buffer.concat([pcap.subarray(0, FILE_HEAD_BYTES), ...records])
}

/** What was sent from one port to another, by `FROM>TO`. */
export type Streams = ReadonlyMap<string, Buffer>

export const streamName = (from: number, to: number): string => `${from}>${to}`

/**
 * Puts the segments of each direction of each connection together; what began before the capture did is left out.
 * @throws where a byte is missing, or two connections that carried something had the same ports.
 */
export function streamsOf(pcap: Buffer): Streams {
  const byName = Map.groupBy(segmentsIn(pcap), ({ from, to }) => streamName(from, to))
  return new Map(
    [...byName].flatMap(([name, segments]) => {
      const [stream, ...more] = connectionsIn(segments).filter((one) => one.some(carriesBytes))
      if (more.length > 0) throw new Error(`${more.length + 1} connections ${name}`)
      return stream ? [[name, reassembled(name, stream)] as const] : []
    }),
  )
}

const carriesBytes = ({ payload }: Segment): boolean => payload.length > 0

/** A connection that is refused may have the ports of the next one. Each begins with its SYN, which may come twice. */
function connectionsIn(segments: readonly Segment[]): Segment[][] {
  const connections: Segment[][] = []
  for (const segment of segments) {
    const current = connections.at(-1)
    if (segment.syn && segment.sequence !== current?.[0]?.sequence) connections.push([segment])
    else current?.push(segment)
  }
  return connections
}

function reassembled(name: string, segments: readonly Segment[]): Buffer {
  const begin = (segments[0]?.sequence ?? 0) + 1
  const pieces = segments
    .filter(carriesBytes)
    // Sequence numbers go round; what lies before the beginning probes whether the peer lives.
    .map(({ sequence, payload }) => ({ at: (sequence - begin) | 0, payload }))
    .toSorted((a, b) => a.at - b.at)
  const parts: Buffer[] = []
  let length = 0
  for (const { at, payload } of pieces) {
    if (at > length) throw new Error(`${at - length} bytes of ${name} are missing at ${length}`)
    const fresh = payload.subarray(Math.max(0, length - at))
    parts.push(fresh)
    length += fresh.length
  }
  return Buffer.concat(parts)
}
