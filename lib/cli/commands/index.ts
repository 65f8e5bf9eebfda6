import type { Command } from 'commander'
import { addDown } from './down.ts'
import { addGate } from './gate.ts'
import { addKeeper } from './keeper.ts'
import { addLinks } from './links.ts'
import { addLogs } from './logs.ts'
import { addDeeds, addStart } from './nodes.ts'
import { addMessages } from './messages.ts'
import { addProxy } from './proxy.ts'
import { addPs } from './ps.ts'
import { addSetup } from './setup.ts'
import { addToxic } from './toxic.ts'
import { addTrace } from './trace.ts'
import { addUp } from './up.ts'
import { addVerdict } from './verdict.ts'
import { addWorkflow } from './workflow.ts'

/** Every command, in the order of the help. */
export const commands: readonly ((root: Command) => void)[] = [
  addGate,
  addUp,
  addDown,
  addPs,
  addStart,
  addDeeds,
  addLogs,
  addToxic,
  addLinks,
  addProxy,
  addWorkflow,
  addMessages,
  addTrace,
  addSetup,
  addVerdict,
  addKeeper,
]
