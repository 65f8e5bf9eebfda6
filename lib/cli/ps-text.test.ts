import { expect } from 'chai'
import { clusterLines } from './ps-text.ts'
import { surveyLink, type ClusterSurvey } from './survey.ts'

const proxy = { name: 'engine-1.rabbitmq', listen: '127.0.0.1:3310', upstream: '127.0.0.1:1', enabled: true }
const latency = {
  name: 'l',
  type: 'latency',
  stream: 'upstream' as const,
  toxicity: 0.5,
  attributes: { latency: 9 },
}
const inAMoment = (): string => new Date(Date.now() + 60_000).toISOString()

const survey = (alive: boolean): ClusterSurvey => ({
  id: 'main-1',
  name: 'main',
  owner: { pid: 7, command: 'up', alive },
  mistral: '15.0.0',
  rpc: 'oslo',
  began: new Date().toISOString(),
  run: '/runs/1',
  urls: {},
  members: [
    { name: 'engine-1', kind: 'engine', condition: 'paused', pid: 42, uptimeMs: 5000 },
    { name: 'rabbitmq', kind: 'rabbitmq', condition: 'answers', pid: 43, uptimeMs: 45_000, port: 5672 },
  ],
  links: [
    surveyLink('engine-1.rabbitmq', proxy.listen, {
      ...proxy,
      toxics: [latency, { ...latency, toxicity: 1 }],
    }),
    surveyLink(
      'engine-2.rabbitmq',
      proxy.listen,
      alive ? { ...proxy, enabled: false, toxics: [] } : undefined,
    ),
  ],
  processes: 3,
})

const plain = { colour: false, width: Infinity }

describe('ps', () => {
  it('has a line for each node and service, and one for each fault of a link', () => {
    const lines = clusterLines(survey(true), plain)
    expect(lines).to.include('  engine-1  engine   42   5.0 s   no, paused')
    expect(lines).to.include('  rabbitmq  service  43   45 s    yes')
    expect(lines).to.include('  engine-1.rabbitmq  127.0.0.1:3310  latency upstream latency=9, toxicity 0.5')
    expect(lines).to.include(`${' '.repeat(37)}latency upstream latency=9`)
    expect(lines).to.include('  engine-2.rabbitmq  127.0.0.1:3310  down')
  })

  it('says of a dead owner what remains and what removes it', () => {
    const text = clusterLines(survey(false), plain).join('\n')
    expect(text).to.include('(pid 7), which has died').and.to.include('3 processes remain')
    expect(text).to.include('npm run crosswind -- down --cluster main-1').and.to.include('its proxy is gone')
  })

  it('tells what is left of a lease', () => {
    const there = surveyLink('l', 'x', { ...proxy, toxics: [{ ...latency, expires_at: inAMoment() }] })
    expect(there.toxics[0]?.remainingMs).to.be.within(50_000, 60_000)
    const down = surveyLink('l', 'x', { ...proxy, enabled: false, expires_at: inAMoment(), toxics: [] })
    expect(down).to.have.property('remainingMs').within(50_000, 60_000)
    expect(surveyLink('l', 'x', { ...proxy, toxics: [latency] }).toxics[0]).not.to.have.property(
      'remainingMs',
    )
  })
})
