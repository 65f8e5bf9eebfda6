import { readFileSync } from 'node:fs'

/** /proc counts in USER_HZ, which Linux fixes at 100 for user space. */
const TICK_MS = 10

/** What a process and the kernel on its behalf have used, of all its threads. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // proc(5): utime and stime are fields 14 and 15; the second is the program's name and may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

/** Its resident memory, in KiB. */
export const residentKiB = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1])
