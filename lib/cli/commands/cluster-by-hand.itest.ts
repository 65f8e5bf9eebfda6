import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { clustersFolder } from '../../cluster/folders.ts'
import { readJournal } from '../../ledger/journal.ts'
import { layHome, processesCarrying, runCli, type Ended, type Home } from '../../test/gate.helper.ts'
import { poll } from '../../util/poll.ts'
import { processFacts } from '../../util/procfs.ts'
import type { UpFacts } from '../up-text.ts'
import type { ClusterSurvey, LinkSurvey } from '../survey.ts'

/** A cluster boots in 4 to 12 s, on a busy machine in 30; everything else is a matter of seconds. */
const STEP_LIMIT_MS = 90_000

const conditionOf = ({ members }: ClusterSurvey, name: string): string | undefined =>
  members.find((member) => member.name === name)?.condition

const latencies = (change: string): string[] =>
  ['upstream', 'downstream'].map((stream) => `toxic ${change}: latency_${stream}`)

describe('a cluster that somebody breaks by hand', function () {
  this.timeout(STEP_LIMIT_MS)

  let home: Home
  let facts: UpFacts
  let cluster: ClusterSurvey

  before(() => {
    home = layHome()
  })

  after(async () => {
    await crosswind('down', '--all')
    home[Symbol.dispose]()
  })

  const crosswind = (...words: string[]): Promise<Ended> => runCli(words, home)

  /** The standard output of a command that ends well. */
  async function told(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await crosswind(...words)
    expect(code, `${words.join(' ')}: ${stderr}`).to.equal(0)
    return stdout
  }

  async function survey(): Promise<ClusterSurvey> {
    const { clusters } = JSON.parse(await told('ps', '--json')) as { clusters: ClusterSurvey[] }
    const [only] = clusters
    if (only === undefined || clusters.length > 1) throw new Error(`ps shows ${clusters.length} clusters`)
    return only
  }

  it('is up when `up` ends, and `ps` finds everything answering', async () => {
    facts = JSON.parse(await told('up', '--engines', '1', '--executors', '1', '--json')) as UpFacts
    expect(facts.nodes).to.have.members(['api-1', 'engine-1', 'executor-1'])
    cluster = await survey()
    expect(cluster.id).to.equal(facts.id)
    expect(cluster.owner).to.include({ alive: true, command: 'up' })
    const answering = cluster.members
      .filter(({ condition }) => condition === 'answers')
      .map(({ name }) => name)
    expect(answering).to.have.members(['api-1', 'engine-1', 'executor-1', 'rabbitmq', 'postgres'])
    expect(cluster.links.map(({ state }) => state)).to.deep.equal(Array(5).fill('up'))
    expect((await fetch(`${facts.urls.api}/v2/workflows`)).status).to.equal(200)
    const socket = statSync(join(clustersFolder(), facts.id, 'control.sock'))
    expect(socket.mode & 0o777, 'who may open the control socket').to.equal(0o600)
  })

  it('has a name that a second one cannot have', async () => {
    const { code, stderr } = await crosswind('up')
    expect(code).to.equal(2)
    expect(stderr).to.include('a cluster named main runs already')
  })

  it('takes toxics on the links that match, or on none', async () => {
    await told('toxic', 'add', '*.rabbitmq', 'latency', 'latency=200ms', '--for', '60s')
    const listed = JSON.parse(await told('toxic', 'list', 'engine-*.*', '--json')) as LinkSurvey[]
    expect(listed.map(({ name, toxics }) => [name, toxics.map((toxic) => toxic.name)])).to.deep.equal([
      ['engine-1.postgres', []],
      ['engine-1.rabbitmq', ['latency_upstream', 'latency_downstream']],
    ])
    expect(listed[1]?.toxics[0]).to.have.property('remainingMs').within(1, 60_000)
    // Two links have such a toxic already, and the other two must stay without one.
    expect((await crosswind('toxic', 'add', '*', 'latency')).code).to.equal(2)
    const wrong = await crosswind('toxic', 'add', 'engin-1.rabbitmq', 'latency')
    expect(wrong).to.deep.include({ code: 2, stdout: '' })
    expect(wrong.stderr).to.match(/^crosswind: unknown link "engin-1.rabbitmq"; nearest: engine-1.rabbitmq/)
    expect(await told('toxic', 'remove', '*', 'latency')).to.match(/^6 toxics removed/)
    expect(await told('toxic', 'list')).to.equal('no fault on 5 links\n')
  })

  it('runs a workflow that is followed to its end, on a slow link too', async () => {
    await told('toxic', 'add', 'executor-1.rabbitmq', 'latency', 'latency=100')
    const output = await told('workflow', 'join', '--tasks', '2', '--run')
    expect(output)
      .to.match(/last {2}.*SUCCESS/)
      .and.to.match(/[0-9a-f-]{36} {2}.*SUCCESS\n$/)
    await told('toxic', 'remove', '*')
  })

  it('has links that are down until they are enabled, or until their time is over', async () => {
    await told('disable', 'engine-1.*', '--for', '60s')
    const down = (await survey()).links.filter(({ state }) => state === 'down')
    expect(down.map(({ name }) => name)).to.deep.equal(['engine-1.postgres', 'engine-1.rabbitmq'])
    for (const { remainingMs } of down) expect(remainingMs).to.be.within(1, 60_000)
    await told('enable', 'engine-1.postgres')
    await told('disable', 'engine-1.rabbitmq', '--for', '100ms')
    const isUp = async () => {
      const { links } = await survey()
      return links.every(({ state }) => state === 'up') ? true : undefined
    }
    await poll(isUp, { what: 'every link is up again', deadlineMs: 20_000 })
  })

  it('shows a paused node as one that does not answer, and starts a killed one again', async () => {
    await told('pause', 'executor-1')
    expect(conditionOf(await survey(), 'executor-1')).to.equal('paused')
    await told('resume', 'executor-1')
    await told('kill', 'executor-1')
    expect(conditionOf(await survey(), 'executor-1')).to.equal(undefined)
    expect(await told('logs', 'executor-1', '--lines', '3')).to.match(/(.*\n){3}/)
    await told('start', 'executor')
    expect(conditionOf(await survey(), 'executor-1')).to.equal('answers')
  })

  it('is found and removed after its keeper was killed', async () => {
    const { pid } = cluster.owner
    process.kill(pid, 'SIGKILL')
    await poll(() => (processFacts(pid) === undefined ? true : undefined), {
      what: 'the keeper is gone',
      deadlineMs: 5000,
    })
    const left = await survey()
    expect(left.owner.alive).to.equal(false)
    expect(left.links.map(({ state }) => state)).to.deep.equal(Array(5).fill('gone'))
    expect(left.processes).to.be.greaterThan(4)
    expect(await told('ps'))
      .to.include('has died')
      .and.to.include('npm run crosswind -- down')
    expect(await crosswind('toxic', 'list')).to.deep.include({ code: 2 })
    expect(await told('down')).to.include(`${facts.id} is down`)
    expect(processesCarrying([facts.id])).to.deep.equal([])
    expect(existsSync(join(clustersFolder(), facts.id))).to.equal(false)
    expect(await told('down')).to.equal('nothing runs, and nothing is left\n')
  })

  it('leaves a journal that has each fault and can be judged', async () => {
    const { entries } = await readJournal(join(home.cwd, facts.run, 'journal.ndjson'))
    expect(entries[0]).to.include({ kind: 'run.begun', rpc: 'oslo' })
    const changes = entries.filter((entry) => entry.kind === 'link.changed')
    const told = (link: string) =>
      changes
        .filter((entry) => entry.link === link)
        .map(({ change, toxic }) => (toxic === undefined ? change : `${change}: ${toxic.name}`))
    expect(told('executor-1.rabbitmq')).to.have.members([
      ...latencies('added'),
      ...latencies('removed'),
      ...latencies('added'),
      ...latencies('removed'),
    ])
    expect(told('engine-1.postgres')).to.deep.equal(['disabled', 'enabled'])
    expect(told('engine-1.rabbitmq').slice(-3)).to.deep.equal(['disabled', 'disabled', 'disabling expired'])
    expect(changes[0]).to.deep.include({
      toxic: {
        name: 'latency_upstream',
        type: 'latency',
        stream: 'upstream',
        toxicity: 1,
        attributes: { latency: 200, jitter: 0 },
      },
    })
    expect(changes[0]?.endsAfterMs).to.be.within(59_000, 60_000)
    const { code, stdout } = await crosswind('verdict', facts.run)
    expect(code, 'no promise was made on it').to.equal(2)
    expect(stdout).to.match(/^unknown: .*; 0 promises/m)
  })
})
