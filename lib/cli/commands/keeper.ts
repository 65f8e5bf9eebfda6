import type { Command } from 'commander'
import { KEEPER_COMMAND } from '../clusters.ts'
import { keep } from '../keeper/keeper.ts'

/** Not for people: what `up` starts. */
export function addKeeper(root: Command): void {
  root.command(KEEPER_COMMAND, { hidden: true }).action(async () => {
    process.exitCode = await keep()
  })
}
