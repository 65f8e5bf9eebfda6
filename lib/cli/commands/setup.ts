import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { HarnessError } from '../../util/errors.ts'

interface SetupFlags {
  check: boolean
  mistralPython?: string
}

/** In a clone `setup.mjs` answers this command before there is anything that could run this. */
export function addSetup(root: Command): void {
  root
    .command('setup')
    .description('installs what is missing: npm packages, RabbitMQ, PostgreSQL, Mistral')
    .option('--check', 'only says what is missing; exits 2 if anything is', false)
    .option('--mistral-python <path>', 'the interpreter whose Mistral is to run')
    .addHelpText('after', '\nExample:\n  npm run crosswind -- setup --check')
    .action(setup)
}

async function setup({ check, mistralPython }: SetupFlags): Promise<void> {
  const words = [
    ...(check ? ['--check'] : []),
    ...(mistralPython === undefined ? [] : ['--mistral-python', mistralPython]),
  ]
  const child = spawn(process.execPath, [setupProgram(), ...words], { stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number | null]
  process.exitCode = code ?? 2
}

/** It lies beside package.json, above this file in a clone and above `dist/` in a package. */
function setupProgram(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const program = join(folder, 'setup.mjs')
    if (existsSync(program)) return program
    if (folder === dirname(folder)) throw new HarnessError('setup.mjs is not there: it comes with a clone')
  }
}
