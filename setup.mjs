/**
 * What any Node 20 can run: installs what is missing, then hands over to the Node 24 of node_modules.
 *
 *   node setup.mjs [--check] [--quiet] [--mistral-python PATH] [-- FILE ARGS…]
 *
 * It has no dependency and no types, since neither works before it has run. What it says goes to standard
 * error, so that standard output belongs to FILE alone; only `--check` answers there.
 * Exit codes: FILE's own, or 128 + n if signal n ended it; 2 where something is missing and stays so.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs'
import { constants as system } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = fileURLToPath(new URL('.', import.meta.url))
const BIN = join(ROOT, 'node_modules/.bin')
const NODE_24 = join(BIN, 'node')
const COMMAND_LINE = 'lib/cli/main.ts'
/** The commands that start servers; the others need the npm packages only. */
const BOOTING = ['gate', 'up']
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
/** One Ctrl-C under npm arrives twice, from the terminal and from npm; a second one by hand comes later than this. */
const SAME_SIGNAL_MS = 250
const LAST_LINES = 15

/** Something is missing and stays so: exit code 2, and the text says what to do. */
class SetupError extends Error {}

const say = (text) => process.stderr.write(text)

// ── what is there ──────────────────────────────────────────────────────────────────────────────────

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const listing = (folder) => (existsSync(folder) ? readdirSync(folder) : [])
const pathFolders = () =>
  (process.env.PATH ?? '').split(delimiter).filter((folder) => folder && folder !== BIN)
const onPath = (name) => pathFolders().some((folder) => isExecutable(join(folder, name)))

/** The programs of a list that are neither on PATH nor in one of the further folders. */
const lackingPrograms = (names, folders) =>
  names.filter((name) => !onPath(name) && !folders.some((folder) => isExecutable(join(folder, name))))

/** Looks for folders: asking Debian's Python itself would take longer than all the rest. */
const lackingModules = (names) =>
  names.filter((name) => !existsSync(join('/usr/lib/python3/dist-packages', name, '__init__.py')))

/** Another interpreter is asked, since only it knows where its modules are. */
function lackingModulesOf(python, names) {
  const program = `import importlib.util as u; print(*[n for n in ${JSON.stringify(names)} if u.find_spec(n) is None])`
  const answer = spawnSync(python, ['-c', program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  if (answer.status !== 0) return [`an interpreter that runs as ${python}`]
  return answer.stdout.split(/\s+/).filter(Boolean)
}

/**
 * What the system under test needs: what is lacking, and the packages that bring it.
 * `packages` is empty where apt cannot help.
 */
function lackingServers(python) {
  const postgres = listing('/usr/lib/postgresql').map((version) =>
    join('/usr/lib/postgresql', version, 'bin'),
  )
  const modules = ['mistral', 'psycopg2']
  const parts = [
    {
      name: 'RabbitMQ',
      // The wrappers in /usr/sbin refuse ordinary users; these programs run for anybody.
      lacking: lackingPrograms(['rabbitmq-server', 'epmd', 'erl_call'], ['/usr/lib/rabbitmq/bin']),
      packages: ['rabbitmq-server'],
    },
    {
      name: 'PostgreSQL',
      lacking: lackingPrograms(['initdb', 'postgres'], postgres),
      packages: ['postgresql'],
    },
    python
      ? { name: `Mistral of ${python}`, lacking: lackingModulesOf(python, modules), packages: [] }
      : {
          name: 'Mistral',
          lacking: lackingModules(modules),
          packages: ['mistral-api', 'mistral-engine', 'mistral-executor', 'python3-psycopg2'],
        },
  ]
  return parts.filter(({ lacking }) => lacking.length > 0)
}

function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')).packages
  } catch {
    return undefined
  }
}

/**
 * npm itself keeps a list of what it installed, and writes it last: an install that was interrupted has none.
 * Optional packages may be absent, being for another system.
 */
function npmPackagesAreCurrent() {
  const wanted = packagesOf(join(ROOT, 'package-lock.json')) ?? {}
  const installed = packagesOf(join(ROOT, 'node_modules/.package-lock.json'))
  if (!installed) return false
  return Object.entries(wanted).every(([path, { version, optional, devOptional }]) => {
    const there = installed[path]
    return path === '' || (there ? there.version === version : optional || devOptional)
  })
}

// ── installing ─────────────────────────────────────────────────────────────────────────────────────

/**
 * Runs one step and says how long it took.
 * A signal goes on to the step, which ends in good order (dpkg is not cut off), and ends the set-up after it.
 */
async function step(label, command, args, { env = process.env, advice }) {
  const begun = performance.now()
  say(`Crosswind: ${label} …`)
  const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output = (output + text).slice(-20_000)))

  let interrupted
  const forward = (signal) => {
    if (!interrupted) say(' interrupted, waiting for it to end in good order …')
    interrupted = signal
    try {
      process.kill(child.pid, signal)
    } catch {
      // It has ended, or is root's and has been told by the terminal.
    }
  }
  for (const signal of SIGNALS) process.on(signal, forward)
  const code = await once(child, 'close').then(
    ([status]) => status,
    (error) => {
      output += error.message
      return 1
    },
  )
  for (const signal of SIGNALS) process.off(signal, forward)

  say(` ${((performance.now() - begun) / 1000).toFixed(1)} s${code === 0 || interrupted ? '' : ', failed'}\n`)
  if (interrupted) process.exit(128 + system.signals[interrupted])
  if (code === 0) return
  const lastLines = output.trimEnd().split('\n').slice(-LAST_LINES)
  throw new SetupError([...lastLines.map((line) => `  | ${line}`), advice].join('\n'))
}

async function installNpmPackages() {
  // npm empties node_modules: it must not run on the Node that it finds there.
  const env = { ...process.env, PATH: pathFolders().join(delimiter) }
  if (!onPath('npm')) throw new SetupError('npm is not on PATH: install Node 20 or newer with its npm')
  const again =
    'The npm packages could not be installed; mend the cause above and run the same command again.'
  // Not `npm ci`: it refuses a lock made where the registry lacked some other system's optional packages.
  // Without its development packages there is no Node 24, whatever NODE_ENV says.
  const words = ['install', '--no-save', '--include=dev', '--loglevel=error']
  if (!npmPackagesAreCurrent()) await step('npm packages', 'npm', words, { env, advice: again })
  if (!existsSync(NODE_24)) {
    // Where npm runs no install scripts, the package `node` has fetched nothing yet.
    const rebuild = ['rebuild', '--ignore-scripts=false', 'node']
    await step('Node 24 (npm package node)', 'npm', rebuild, { env, advice: again })
  }
  if (!existsSync(NODE_24))
    throw new SetupError('The npm package `node` brought no Node 24 for this machine.')
}

/**
 * Run by root's shell, packages as arguments. The policy keeps the packages' services from starting; it goes when
 * this shell ends, and one that a killed predecessor left forbids nothing, since the process it names is gone.
 */
const APT = `
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ] || grep -q "^# Crosswind's set-up" "$policy"; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
  {
    echo '#!/bin/sh'
    echo "# Crosswind's set-up: while it installs, no service is started. It removes this file."
    echo "kill -0 $$ 2>/dev/null && exit 101; exit 0"
  } > "$policy" && chmod 755 "$policy" || exit 1
fi
lock='DPkg::Lock::Timeout=300'
apt-get -q -o "$lock" update || echo "Some package lists could not be fetched; trying with what there is."
set -- -q -y --no-install-recommends -o "$lock" \\
  -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install "$@"
apt-get --download-only "$@" || exit
# A Ctrl-C may end the download, but would leave dpkg's work half done.
setsid --wait apt-get "$@"
`

/** How to become root: the words before the command, or undefined where nobody may be asked. */
function asRoot() {
  if (process.getuid() === 0) return []
  if (!onPath('sudo')) return undefined
  if (spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0) return ['sudo', '-n']
  return process.stdin.isTTY && process.stderr.isTTY ? ['sudo'] : undefined
}

async function installServers(lacking) {
  const packages = lacking.flatMap((part) => part.packages)
  const byHand = lacking.filter((part) => part.packages.length === 0)
  if (byHand.length > 0)
    throw new SetupError(`${describe(byHand)}\nInstall it: PATH -m pip install mistral psycopg2-binary`)
  if (!existsSync('/usr/bin/apt-get'))
    throw new SetupError(
      `${describe(lacking)}\nThis system has no apt (${systemName()}): install RabbitMQ, PostgreSQL and Mistral with ` +
        'psycopg2 by hand (another Mistral than the system’s: --mistral-python PATH), or use Debian 12 or Ubuntu 24.04.',
    )
  const root = asRoot()
  if (!root)
    throw new SetupError(
      `${describe(lacking)}\nInstalling them needs root, and sudo cannot be used here. As root:\n` +
        `  apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${packages.join(' ')}`,
    )
  const advice =
    'apt could not install the packages; mend the cause above and run the same command again.\n' +
    'They are in Debian 12 and in Ubuntu 24.04, there in the component universe.'
  const [command, ...args] = [...root, 'sh', '-c', APT, 'crosswind-setup', ...packages]
  await step(`apt: ${packages.join(' ')}`, command, args, { advice })
}

function systemName() {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform
  } catch {
    return process.platform
  }
}

const describe = (lacking) =>
  lacking.map((part) => `missing: ${part.name} (${part.lacking.join(', ')})`).join('\n')

// ── the command ────────────────────────────────────────────────────────────────────────────────────

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

/**
 * Runs FILE on Node 24 until it ends, and returns its exit code.
 *
 * It has a session of its own, so that what reaches it is only what is forwarded here, once: a Ctrl-C would else
 * come from the terminal, from npm and from us, and a second one means "at once". A `kill -9` of this process
 * cannot be forwarded: setpriv (of util-linux) has the kernel send a SIGTERM then.
 */
async function handOver([file, ...args], python) {
  const lifeline = isExecutable('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'TERM'] : []
  const [command, ...rest] = [...lifeline, NODE_24, resolve(ROOT, file), ...args]
  const env = { ...process.env, PATH: [BIN, ...pathFolders()].join(delimiter) }
  if (python) env.CROSSWIND_MISTRAL_PYTHON = python
  const child = spawn(command, rest, { stdio: 'inherit', env, detached: true })
  const last = new Map()
  for (const signal of SIGNALS)
    process.on(signal, () => {
      const now = performance.now()
      if (now - (last.get(signal) ?? -Infinity) < SAME_SIGNAL_MS) return
      last.set(signal, now)
      child.kill(signal)
    })
  const [code, signal] = await once(child, 'exit')
  return code ?? 128 + system.signals[signal]
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
