/** Installs what is lacking: npm packages by npm, the system under test by apt. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter } from 'node:path'
import { describe, npmPackagesAreCurrent } from './lacking.mjs'
import { NODE_24, onPath, pathFolders, systemName } from './machine.mjs'
import { SetupError, step } from './step.mjs'

export async function installNpmPackages() {
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

/** @param lacking what `lackingServers` found; it says what to do where apt cannot help. */
export async function installServers(lacking) {
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
