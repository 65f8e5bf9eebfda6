import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect } from 'chai'

const ROOT = join(import.meta.dirname, '..')
const WIRE = ['wire/amqp', 'wire/postgres', 'wire/rpc']
const UP_TO_CLUSTER = [...WIRE, 'util', 'toxic', 'toxics', 'proxy', 'api', 'ledger', 'mistral', 'cluster']
const ALL = [...UP_TO_CLUSTER, 'scenario', 'report', 'bench', 'cli', 'test', 'suites']

/** Who may import whom, besides itself; `type X`: X's types only. Tests and their helpers may import any area. */
const MAY_IMPORT: Record<string, string[]> = {
  util: [],
  'wire/amqp': ['util'],
  'wire/postgres': ['util'],
  'wire/rpc': ['util', 'type wire/amqp'],
  toxic: WIRE.map((area) => `type ${area}`),
  toxics: ['toxic'],
  proxy: ['util', 'toxic', ...WIRE],
  api: ['proxy', 'toxic', 'util'],
  ledger: ['util', ...WIRE.map((area) => `type ${area}`)],
  mistral: ['util', 'wire/rpc'],
  cluster: ['util', 'wire/rpc', 'mistral'],
  scenario: UP_TO_CLUSTER,
  report: ['util', 'type ledger', 'type scenario'],
  bench: ALL,
  cli: ALL,
  test: ALL,
  suites: ['scenario', 'toxics'],
}

/** The areas that must stay free of sockets, timers and mocha: the packages and modules that they may import. */
const MAY_IMPORT_PACKAGES: Record<string, string[]> = {
  'wire/amqp': [],
  'wire/postgres': [],
  'wire/rpc': [],
  toxic: [],
  toxics: [],
  suites: ['chai'],
}

interface Import {
  file: string
  area: string
  target: string
  typeOnly: boolean
}

/** `lib/wire/amqp/frame.ts` → `wire/amqp`, `lib/toxic.ts` → `toxic`, `suites/control.suite.ts` → `suites`. */
function areaOf(file: string): string {
  const parts = file.replace(/^lib\//, '').split('/')
  const depth = parts[0] === 'wire' ? 2 : 1
  return parts.slice(0, depth).join('/').replace(/\.ts$/, '')
}

const isTest = (file: string): boolean =>
  /\.(?:i?test|helper)\.ts$/.test(file) || file.startsWith('lib/test/negatives/')

const FILES = globSync(['lib/**/*.ts', 'toxics/**/*.ts', 'suites/**/*.ts'], { cwd: ROOT })

/** Static imports and re-exports, dynamic imports, and imports for their effect only. */
const IMPORT =
  /^(?:import|export)\s(type\s)?[\w\s{},*$]*?from\s+['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm

function importsOf(file: string): Import[] {
  const source = readFileSync(join(ROOT, file), 'utf8')
  return [...source.matchAll(IMPORT)].map(([, type, from, bare, dynamic]) => {
    const target = from ?? bare ?? dynamic ?? ''
    const relative = target.startsWith('.')
    return {
      file,
      area: areaOf(file),
      target: relative ? normalize(join(dirname(file), target)) : target,
      typeOnly: type !== undefined,
    }
  })
}

const isOurs = ({ target }: Import): boolean => /^(lib|toxics|suites)\//.test(target)

const IMPORTS = FILES.filter((file) => !isTest(file)).flatMap(importsOf)

/** Why an import of one of our files is wrong, or undefined. */
function wrong({ file, area, target, typeOnly }: Import): string | undefined {
  const to = areaOf(target)
  if (area === 'toxics') {
    const protocol = /^toxics\/(amqp|pg)_/.exec(file)?.[1]
    const own = { amqp: 'wire/amqp', pg: 'wire/postgres' }[protocol ?? '']
    if (to === own || (to === 'toxics' && file === 'toxics/index.ts')) return undefined
    if (to === 'toxics') return `${file} imports ${target}: toxics do not import each other`
  }
  const may = MAY_IMPORT[area] ?? []
  if (to === area || may.includes(to) || (typeOnly && may.includes(`type ${to}`))) return undefined
  return `${file} imports ${target}: ${area} may import ${may.join(', ') || 'nothing of ours'}`
}

describe('who may import whom', () => {
  it('read every area that is on disk', () => {
    expect(FILES.length).to.be.above(20)
    expect(IMPORTS.filter(isOurs).length).to.be.above(20)
    const areas = new Set(FILES.filter((file) => !isTest(file)).map(areaOf))
    expect([...areas].filter((area) => MAY_IMPORT[area] === undefined)).to.deep.equal([])
  })

  it('is kept by every import of ours', () => {
    expect(IMPORTS.filter(isOurs).map(wrong).filter(Boolean)).to.deep.equal([])
  })

  it('is kept by every import of a package', () => {
    const packages = IMPORTS.filter((one) => !isOurs(one))
    const broken = packages.filter(
      ({ area, target }) => !(MAY_IMPORT_PACKAGES[area] ?? [target]).includes(target),
    )
    expect(broken.map(({ file, target }) => `${file} imports ${target}`)).to.deep.equal([])
  })

  it('keeps timers and chance out of toxics', () => {
    const wild = FILES.filter((file) => file.startsWith('toxics/') && !isTest(file)).filter((file) =>
      /\b(?:setTimeout|setInterval|setImmediate|Math\.random|Date\.now|performance\.now)\b/.test(
        readFileSync(join(ROOT, file), 'utf8'),
      ),
    )
    expect(wild).to.deep.equal([])
  })

  it('has no cycle between areas', () => {
    const graph = new Map<string, Set<string>>()
    for (const { area, target } of IMPORTS.filter(isOurs)) {
      const targets = graph.get(area) ?? new Set()
      if (areaOf(target) !== area) targets.add(areaOf(target))
      graph.set(area, targets)
    }
    const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
      [...(graph.get(from) ?? [])].some((next) => {
        if (next === to) return true
        if (seen.has(next)) return false
        return reaches(next, to, seen.add(next))
      })
    expect([...graph.keys()].filter((area) => reaches(area, area))).to.deep.equal([])
  })
})
