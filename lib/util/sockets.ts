import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** proc(5): an established connection in /proc/net/tcp. */
const ESTABLISHED = '01'

/** Socket inodes by the local port of each established IPv4 connection of this host. */
function inodesByLocalPort(): Map<number, string> {
  const rows = readFileSync('/proc/net/tcp', 'latin1').trim().split('\n').slice(1)
  const found = new Map<number, string>()
  for (const row of rows) {
    // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
    const [, local = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/)
    if (state === ESTABLISHED) found.set(Number.parseInt(local.split(':')[1] ?? '', 16), inode)
  }
  return found
}

function inodesOf(pid: number): Set<string> {
  const folder = `/proc/${pid}/fd`
  const inodes = new Set<string>()
  for (const fd of readdirSync(folder)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${fd}`))?.[1]
      if (inode !== undefined) inodes.add(inode)
    } catch {
      // Closed since the folder was listed.
    }
  }
  return inodes
}

/** Which of these local ports (of connections to us) belong to one of these processes. */
export function portsOwnedBy(pids: readonly number[], ports: readonly number[]): number[] {
  const inodes = inodesByLocalPort()
  const owned = pids.map((pid) => {
    try {
      return inodesOf(pid)
    } catch {
      return new Set<string>()
    }
  })
  return ports.filter((port) => {
    const inode = inodes.get(port)
    return inode !== undefined && owned.some((set) => set.has(inode))
  })
}
