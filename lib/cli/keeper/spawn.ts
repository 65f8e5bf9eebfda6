import { fork, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { lastLines } from '../../cluster/process.ts'
import { HarnessError } from '../../util/errors.ts'
import { KEEPER_COMMAND } from '../clusters.ts'
import { KEEPER_LOG } from './keeper.ts'
import type { KeeperMessage, KeeperPlan } from './plan.ts'

export interface StartingKeeper {
  /** The cluster's id, once every node answers. @throws {HarnessError} with the keeper's own error. */
  readonly up: Promise<string>
  /** Asks for an orderly end; `up` is rejected when nothing is left. */
  interrupt(): void
}

/**
 * Starts a keeper in a session of its own, whose input and output are nobody's but its log's: it outlives this
 * process and its terminal, and holds no pipe of theirs open.
 */
export function startKeeper(plan: KeeperPlan, onStep: (what: string, ms: number) => void): StartingKeeper {
  const log = join(plan.folder, KEEPER_LOG)
  const output = openSync(log, 'a')
  let keeper: ChildProcess
  try {
    // argv[1] is this command line itself.
    keeper = fork(process.argv[1] ?? '', [KEEPER_COMMAND], {
      detached: true,
      stdio: ['ignore', output, output, 'ipc'],
    })
  } finally {
    closeSync(output)
  }
  const up = new Promise<string>((resolve, reject) => {
    let failure: string | undefined
    keeper.on('message', (message) => {
      const told = message as KeeperMessage
      if (told.kind === 'step') onStep(told.what, told.ms)
      else if (told.kind === 'failed') failure = told.text
      else resolve(told.id)
      // It has nothing more to say, and its channel would keep both alive.
      if (told.kind !== 'step' && keeper.connected) keeper.disconnect()
    })
    keeper.once('error', (error) =>
      reject(new HarnessError(`the keeper cannot be started: ${error.message}`)),
    )
    // Only when it has ended is nothing left of what it had started.
    keeper.once('exit', (code, signal) =>
      reject(
        new HarnessError(failure ?? `the keeper ended (${signal ?? `status ${code}`}):\n${lastLines(log)}`),
      ),
    )
    keeper.send(plan)
  })
  void up.then(
    () => keeper.unref(),
    () => {},
  )
  return { up, interrupt: () => void keeper.kill('SIGTERM') }
}
