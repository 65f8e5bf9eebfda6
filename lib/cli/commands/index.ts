import type { Command } from 'commander'
import { addGate } from './gate.ts'

/** Every command, in the order of the help. */
export const commands: readonly ((root: Command) => void)[] = [addGate]
