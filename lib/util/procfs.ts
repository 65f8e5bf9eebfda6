import { readdirSync, readFileSync } from 'node:fs'

/** A process as Linux tells of it. `start` is in clock ticks since boot: pid and start name one process for good. */
export interface ProcessFacts {
  pid: number
  start: number
  parent: number
  group: number
  session: number
  state: string
}

/** undefined: there is no such process, or it is a zombie (dead, and only its parent has not yet looked). */
export function processFacts(pid: number): ProcessFacts | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  // The second field is the program's name in parentheses and may hold anything, parentheses too.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state = 'X', parent = '0', group = '0', session = '0'] = fields
  if (state === 'Z' || state === 'X') return undefined
  // proc(5): starttime is field 22, here index 19 since the first two are cut off.
  const start = Number(fields[19])
  return { pid, start, state, parent: Number(parent), group: Number(group), session: Number(session) }
}

export const isAlive = (pid: number, start: number): boolean => processFacts(pid)?.start === start

/** Every process that we may look at. */
export function allProcesses(): ProcessFacts[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map((pid) => processFacts(Number(pid))).filter((facts) => facts !== undefined)
}

/** A process's environment as it began, or undefined where it is not ours to read. */
export function environmentOf(pid: number): Map<string, string> | undefined {
  try {
    const pairs = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    return new Map(
      pairs
        .filter((pair) => pair.includes('='))
        .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    )
  } catch {
    return undefined
  }
}

/** Milliseconds since a process began; /proc counts in USER_HZ, which Linux fixes at 100 for user space. */
export function ageMs(facts: ProcessFacts): number {
  const uptime = Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0])
  return uptime * 1000 - facts.start * 10
}
