import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { EventView } from '../../api/events.ts'
import type { ProxyView } from '../../api/views.ts'
import { dial, TestServer } from '../../proxy/rig.helper.ts'
import { layHome, runCli, startCli, untilPrinted, type Command, type Home } from '../../test/gate.helper.ts'
import type { ConnectionOf, ProxyEvidence } from '../proxy-text.ts'

/** A command starts in half a second, on a busy machine in several. */
const STEP_LIMIT_MS = 30_000

const MY_TOXIC = `import { defineToxic } from '${join(import.meta.dirname, '../../toxic.ts')}'
export default defineToxic({ type: 'mine', about: 'Passes.', attributes: {}, open: () => ({}) })
`

describe('crosswind proxy', function () {
  this.timeout(STEP_LIMIT_MS)

  let home: Home
  let upstream: TestServer
  let server: Command
  let url: string

  const file = (name: string, content: string): string => {
    const path = join(home.cwd, name)
    writeFileSync(path, content)
    return path
  }

  /** The standard output of a command that ends well. */
  async function told(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await runCli([...words, '--url', url], home)
    expect(code, `${words.join(' ')}: ${stderr}`).to.equal(0)
    return stdout
  }

  async function json<T>(...words: string[]): Promise<T> {
    return JSON.parse(await told(...words, '--json')) as T
  }

  before(async () => {
    home = layHome()
    upstream = await new TestServer().listen()
    const toxics = [{ type: 'latency', stream: 'upstream', attributes: { latency: 5 }, toxicity: 0.999 }]
    const config = [
      { name: 'web', listen: '127.0.0.1:0', upstream: upstream.address, toxics },
      { name: 'off', upstream: upstream.address, enabled: false },
    ]
    const words = ['--config', file('proxies.json', JSON.stringify(config))]
    words.push(
      '--toxic',
      file('mine.ts', MY_TOXIC),
      '--token',
      'S3cret-token',
      '--seed',
      'mine',
      '--port',
      '0',
    )
    server = startCli(['proxy', '--json', ...words], home)
    await untilPrinted(server, '\n', STEP_LIMIT_MS)
    const facts = JSON.parse(server.output()) as { url: string; seed: string; proxies: ProxyView[] }
    expect(facts).to.include({ seed: 'mine', token: 'S3cret-token' })
    expect(facts.proxies.map(({ name, enabled }) => [name, enabled])).to.deep.equal([
      ['web', true],
      ['off', false],
    ])
    url = `${facts.url}/S3cret-token`
  })

  after(async () => {
    upstream[Symbol.dispose]()
    server.kill('SIGKILL')
    await server.ended
    home[Symbol.dispose]()
  })

  it('lists its proxies, and asks for its token', async () => {
    expect(await told('proxy', 'list')).to.match(/^web +127\.0\.0\.1:\d+ .* latency upstream latency=5 /m)
    const [off, web] = await json<ProxyView[]>('proxy', 'list')
    expect([off?.name, web?.name]).to.deep.equal(['off', 'web'])
    const refused = await runCli(['proxy', 'list', '--url', url.replace('/S3cret-token', '')], home)
    expect(refused.code).to.equal(2)
    expect(refused.stderr).to.match(/^crosswind: token required: /)
  })

  it('takes a toxic of the user, and updates leave what they do not name', async () => {
    await told('toxic', 'add', 'off', 'mine', '--stream', 'upstream', '--for', '60s')
    const [web] = await json<ProxyView[]>('toxic', 'update', 'web', 'latency', 'latency=7')
    expect(web?.toxics[0]).to.deep.include({ toxicity: 0.999, attributes: { latency: 7, jitter: 0 } })
    const [off] = await json<ProxyView[]>('proxy', 'list', 'off')
    expect(off?.toxics[0]).to.include({ type: 'mine' })
    expect(off?.toxics[0]).to.have.property('expires_at')
    const [kept] = await json<ProxyView[]>('toxic', 'update', 'off', 'mine', '--for', 'ever')
    expect(kept?.toxics[0]).not.to.have.property('expires_at')
  })

  it('shows connections and what was done to them, and closes one', async () => {
    const [web] = await json<ProxyView[]>('proxy', 'list', 'web')
    const client = (await dial(web?.listen ?? '')).read()
    client.socket.write('hello')
    await (await upstream.peer(0)).read().receives('hello')
    const [connection] = await json<ConnectionOf[]>('proxy', 'connections')
    expect(connection).to.deep.include({ proxy: 'web', id: 1, upstream_bytes: 5 })
    expect(connection?.toxics).to.deep.equal([{ name: 'latency_upstream', acted: true }])
    const { evidence, toxics } = await json<ProxyEvidence>('proxy', 'inspect', 'web')
    expect(evidence.connections).to.include({ opened: 1, open: 1 })
    expect(toxics['latency_upstream']).to.include({ chunks_delayed: 1 })
    expect(await told('proxy', 'cut', 'web', '1')).to.equal('closed: connection 1 of web\n')
    await client.isEndedWith(client)
  })

  it('tells events as they come', async () => {
    const follower = startCli(['proxy', 'events', 'web', '--follow', '--json', '--url', url], home)
    await untilPrinted(follower, '"reason":"closed by API"', STEP_LIMIT_MS)
    await told('disable', 'web', '--for', '60s')
    await untilPrinted(follower, '"kind":"disabled"', STEP_LIMIT_MS)
    follower.kill('SIGINT')
    await follower.ended
    const lines = (await told('proxy', 'events', 'web', '--json')).trim().split('\n')
    const kinds = lines.map((line) => (JSON.parse(line) as EventView).kind)
    expect(kinds).to.include.members(['toxic.updated', 'toxic.acted', 'connection.closed', 'disabled'])
  })

  it('makes, resets, populates and deletes', async () => {
    const words = ['proxy', 'create', 'new', '127.0.0.1:9', '--disabled', '--on-upstream-error', 'refuse']
    const [made] = await json<ProxyView[]>(...words)
    expect(made).to.include({ name: 'new', enabled: false, on_upstream_error: 'refuse' })
    const all = await json<ProxyView[]>('proxy', 'reset')
    expect(all.every(({ enabled, toxics }) => enabled && toxics.length === 0)).to.equal(true)
    const [web] = await json<ProxyView[]>('proxy', 'populate', join(home.cwd, 'proxies.json'))
    expect(web?.toxics).to.have.lengthOf(1)
    expect(await told('proxy', 'delete', 'n*')).to.equal('deleted: new\n')
    expect(await json<ProxyView[]>('proxy', 'list')).to.have.lengthOf(2)
  })

  it('ends with Ctrl-C, in order', async () => {
    server.kill('SIGINT')
    expect((await server.ended).code).to.equal(0)
  })
})

describe('crosswind proxy, asked wrongly', function () {
  this.timeout(STEP_LIMIT_MS)

  let home: Home

  before(() => {
    home = layHome()
    writeFileSync(join(home.cwd, 'bad.json'), '[{"name":"a"}]')
    writeFileSync(join(home.cwd, 'torn.json'), '[{')
    writeFileSync(join(home.cwd, 'toxic.ts'), 'export default { type: "noop" }')
  })

  after(() => home[Symbol.dispose]())

  const WORDS: [what: string, words: string[], text: RegExp][] = [
    [
      'a proxy without a field',
      ['--config', 'bad.json'],
      /bad.json: missing required field: upstream at proxy 1/,
    ],
    ['a file that is no JSON', ['--config', 'torn.json'], /torn.json is not JSON: /],
    ['a file that is not there', ['--config', 'no.json'], /no.json cannot be read: ENOENT/],
    [
      'a file to populate from that is not there',
      ['populate', 'no.json', '--url', 'http://127.0.0.1:9'],
      /^crosswind: no.json cannot be read: ENOENT/,
    ],
    ['a toxic whose type is taken', ['--toxic', 'toxic.ts'], /toxic.ts: type "noop" is taken/],
    ['a token that cannot stand in a URL', ['--token', 'a b'], /--token must be 8 or more of letters/],
    [
      'an address that is not here',
      ['--host', '203.0.113.1', '--no-token'],
      /cannot listen on 203.0.113.1:0/,
    ],
    [
      'a port that is none',
      ['--port', '99999'],
      /'99999' is invalid. It must be a whole number from 0 to 65535/,
    ],
    ['a mistyped word', ['lst'], /^crosswind: unknown command "lst"; nearest: list, /],
    [
      'a mistyped word with options of its own',
      ['lst', 'web', '--url', 'http://127.0.0.1:9'],
      /^crosswind: unknown command "lst"; nearest: list, /,
    ],
    ['a mistyped option', ['--tokn', 'x'], /^crosswind: unknown option "--tokn"; nearest: --token, /],
  ]
  for (const [what, words, text] of WORDS)
    it(`says what is wrong with ${what}`, async () => {
      const { code, stdout, stderr } = await runCli(['proxy', '--port', '0', ...words], home)
      expect(stderr).to.match(text)
      expect(stderr).to.not.match(/^\s+at /m)
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' })
    })
})
