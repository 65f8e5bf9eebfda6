/**
 * What any Node 20 can run: installs what is missing, then hands over to the Node 24 of node_modules.
 *
 *   node setup.mjs [--check] [--quiet] [--mistral-python PATH] [-- FILE ARGS…]
 *
 * It has no dependency and no types, since neither works before it has run. What it says goes to standard
 * error, so that standard output belongs to FILE alone; only `--check` answers there.
 * Exit codes: FILE's own, or 128 + n if signal n ended it; 2 where something is missing and stays so.
 */
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { handOver } from './setup/hand-over.mjs'
import { installNpmPackages, installServers } from './setup/install.mjs'
import { describe, lackingServers, npmPackagesAreCurrent } from './setup/lacking.mjs'
import { NODE_24 } from './setup/machine.mjs'
import { say, SetupError } from './setup/step.mjs'

const COMMAND_LINE = 'lib/cli/main.ts'
/** The commands that start servers; the others need the npm packages only. */
const BOOTING = ['gate', 'up']

function check(python) {
  const lacking = lackingServers(python)
  if (!npmPackagesAreCurrent() || !existsSync(NODE_24))
    lacking.unshift({ name: 'npm packages', lacking: ['npm install'], packages: [] })
  process.stdout.write(lacking.length > 0 ? `${describe(lacking)}\n` : 'nothing is missing\n')
  return lacking.length > 0 ? 2 : 0
}

async function install({ quiet, python, servers }) {
  const begun = performance.now()
  await installNpmPackages()
  if (servers) {
    const lacking = lackingServers(python)
    if (lacking.length > 0) await installServers(lacking)
    const still = lacking.length > 0 ? lackingServers(python) : []
    if (still.length > 0)
      throw new SetupError(`${describe(still)}\nThe packages were installed, but did not bring it.`)
  }
  if (!quiet) say(`Crosswind: set up (${((performance.now() - begun) / 1000).toFixed(1)} s)\n`)
}

const OPTIONS = {
  check: { type: 'boolean', default: false },
  quiet: { type: 'boolean', default: false },
  'mistral-python': { type: 'string' },
}

function parse(args) {
  try {
    return parseArgs({ args, options: OPTIONS }).values
  } catch (error) {
    throw new SetupError(
      `${error.message}\nusage: node setup.mjs [--check] [--quiet] [--mistral-python PATH] [-- FILE ARGS…]`,
    )
  }
}

/** FILE's own `--mistral-python` decides what must be installed, as it decides what will run. */
function pythonAmong(args) {
  const at = args.findLastIndex((word) => word === '--mistral-python' || word.startsWith('--mistral-python='))
  if (at < 0) return undefined
  return args[at].includes('=') ? args[at].slice(args[at].indexOf('=') + 1) : args[at + 1]
}

async function main(argv) {
  const dashes = argv.indexOf('--')
  let own = dashes < 0 ? argv : argv.slice(0, dashes)
  let handed = dashes < 0 ? [] : argv.slice(dashes + 1)
  // `crosswind setup` is this program: nothing else could run before it has.
  if (handed[0] === COMMAND_LINE && handed[1] === 'setup') [own, handed] = [handed.slice(2), []]
  const { check: checkOnly, quiet, 'mistral-python': option } = parse(own)
  const python = pythonAmong(handed) ?? option ?? process.env.CROSSWIND_MISTRAL_PYTHON
  if (checkOnly) return check(python)
  const helpOnly = handed.includes('--help') || handed.includes('-h')
  const servers = handed[0] !== COMMAND_LINE || (BOOTING.includes(handed[1]) && !helpOnly)
  await install({ quiet, python, servers })
  return handed.length > 0 ? handOver(handed, python) : 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  say(`${error.message}\n`)
  process.exitCode = 2
}
