import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { documentOf, layHome, processesLeft, runCli, type Home } from '../../test/gate.helper.ts'

const LIB = join(import.meta.dirname, '../..')

/** Passes all, and throws where no hook of its own runs any more: at once, and a moment after its fault has ended. */
const STRAY = `
const stray = defineToxic({
  type: 'stray',
  about: 'Throws.',
  attributes: {},
  open: (lane) => ({
    data(chunk) {
      lane.send(chunk)
      setTimeout(() => { throw new Error('out of a timer') })
      setTimeout(() => { throw new Error('out of a late timer') }, 1500)
      void (async () => { throw new Error('out of a promise') })()
    },
  }),
})
`
const IMPORT = `import { defineToxic } from '${LIB}/toxic.ts'\n`

const suite = (head: string) => `${head}
import { expect, scenario } from '${LIB}/scenario/index.ts'
describe('A toxic throws', () => {
  const run = scenario({ toxics: [stray] })
  it('while a workflow runs', async () => {
    await run.links('*', 'rabbitmq').toxic('stray', {})
    await run.start('sequence', { tasks: 1 })
    expect(await run.verdict()).to.be.valid
  })
})
`

describe('a gate whose suite has a toxic that throws out of a timer', () => {
  let home: Home

  beforeEach(() => {
    home = layHome()
  })

  afterEach(() => home[Symbol.dispose]())

  async function run(text: string) {
    writeFileSync(join(home.cwd, 'strays.suite.ts'), text)
    const ended = await runCli(
      ['gate', './strays.suite.ts', '--json', '--engines', '1', '--executors', '1'],
      home,
    )
    expect(ended.code, ended.stderr).to.equal(2)
    const report = documentOf(ended)
    expect(
      report.promises.map(({ status }) => status),
      ended.stderr,
    ).to.deep.equal(['harness'])
    expect(home.clusterFolders()).to.deep.equal([])
    expect(processesLeft(home, [report.run])).to.deep.equal([])
    return report
  }

  it('in a file of its own: names the place, and ends in order', async () => {
    writeFileSync(join(home.cwd, 'stray.ts'), `${IMPORT}${STRAY}export default stray\n`)
    const { harnessErrors } = await run(suite(`import stray from './stray.ts'`))
    expect(harnessErrors).to.have.lengthOf(1)
    expect(harnessErrors[0]).to.match(
      /^nobody caught what was thrown at stray\.ts:\d+:\d+, .*toxic.*: out of a (timer|promise)$/,
    )
  })

  it('in the file of the suite: the promise tells of it, and the gate ends in order', async () => {
    const { promises } = await run(suite(IMPORT + STRAY))
    expect(promises[0]?.error).to.match(/^out of a (late )?(timer|promise)$/)
  })
})
