import { existsSync, readdirSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import { lastLines } from '../../cluster/process.ts'
import { unknownWord } from '../../util/nearest.ts'
import { chooseCluster, withClusterChoice, type ClusterChoice } from '../clusters.ts'
import { wholeNumber } from '../options.ts'

interface LogsFlags extends ClusterChoice {
  follow: boolean
  lines: number
}

const LOOK_EVERY_MS = 200

export function addLogs(root: Command): void {
  const command = root
    .command('logs')
    .description("the end of a node's or a service's log, also of one that has ended")
    .argument('<name>', 'such as engine-1, rabbitmq, postgres')
    .option('--follow', 'and what is written from now on, until Ctrl-C', false)
    .option('--lines <n>', 'so many lines', wholeNumber(0), 40)
  withClusterChoice(command)
    .addHelpText('after', '\nExample:\n  npm run crosswind -- logs engine-1 --follow')
    .action(logs)
}

async function logs(name: string, { cluster, follow, lines }: LogsFlags): Promise<void> {
  const { state, folder } = chooseCluster(cluster)
  const file = logFile(state.logs, name)
  await using log = await open(file)
  const { size } = await log.stat()
  if (lines > 0 && size > 0) process.stdout.write(`${lastLines(file, lines)}\n`)
  if (follow) await followFrom(log, size, folder)
}

function logFile(folder: string, name: string): string {
  const there = readdirSync(folder)
    .filter((file) => file.endsWith('.log'))
    .map((file) => file.replace(/\.log$/, ''))
  if (!there.includes(name)) throw unknownWord('log', name, there)
  return join(folder, `${name}.log`)
}

/** Until the cluster is gone, or nobody reads any more; Ctrl-C ends the whole process. */
async function followFrom(log: FileHandle, from: number, clusterFolder: string): Promise<void> {
  const buffer = Buffer.alloc(64 * 1024)
  let at = from
  const unread = new AbortController()
  process.stdout.once('error', () => unread.abort())
  while (!unread.signal.aborted) {
    const { bytesRead } = await log.read(buffer, 0, buffer.length, at)
    at += bytesRead
    if (bytesRead > 0) process.stdout.write(buffer.subarray(0, bytesRead))
    else if (!existsSync(clusterFolder)) return
    else await pause(LOOK_EVERY_MS)
  }
}
