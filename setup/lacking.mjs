/** What is there, and what is lacking: looks only, and takes a tenth of a second. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isExecutable, onPath, ROOT } from './machine.mjs'

const listing = (folder) => (existsSync(folder) ? readdirSync(folder) : [])

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
export function lackingServers(python) {
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

export const describe = (lacking) =>
  lacking.map((part) => `missing: ${part.name} (${part.lacking.join(', ')})`).join('\n')

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
export function npmPackagesAreCurrent() {
  const wanted = packagesOf(join(ROOT, 'package-lock.json')) ?? {}
  const installed = packagesOf(join(ROOT, 'node_modules/.package-lock.json'))
  if (!installed) return false
  return Object.entries(wanted).every(([path, { version, optional, devOptional }]) => {
    const there = installed[path]
    return path === '' || (there ? there.version === version : optional || devOptional)
  })
}
