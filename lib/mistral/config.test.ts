import { expect } from 'chai'
import type { Timeouts } from '../ledger/entries.ts'
import { UsageError } from '../util/errors.ts'
import { nodeConfig, timeouts, type NodeSettings } from './config.ts'

const settings: NodeSettings = {
  kind: 'engine',
  name: 'engine-1',
  rpc: 'oslo',
  version: '15.0.0',
  rabbitmqPort: 5001,
  vhost: '/',
  postgresPort: 5002,
  database: 'mistral',
}

/** `section.option` to value, as oslo.config reads an INI file. */
function options(text: string): Record<string, string> {
  let section = ''
  const found: Record<string, string> = {}
  for (const line of text.split('\n')) {
    const [, name] = /^\[(\w+)\]$/.exec(line) ?? []
    const [, key, value] = /^(\w+) =(.*)$/.exec(line) ?? []
    if (name !== undefined) section = name
    else if (key !== undefined) found[`${section}.${key}`] = (value ?? '').trim()
    else expect(line).to.equal('')
  }
  return found
}

const seconds = (option: string): number => Number(options(nodeConfig(settings))[option])

describe('the configuration of a node', () => {
  it('leads to its services over its own links only', () => {
    const engine = options(nodeConfig(settings))
    expect(engine['DEFAULT.transport_url']).to.equal('rabbit://guest:guest@127.0.0.1:5001/%2F')
    expect(engine['database.connection']).to.equal('postgresql+psycopg2://postgres@127.0.0.1:5002/mistral')
    expect(engine['engine.host']).to.equal('engine-1')
  })

  it('gives an executor no database, and an api the address that it listens on', () => {
    const { postgresPort: _none, ...noPostgres } = settings
    const executor = options(nodeConfig({ ...noPostgres, kind: 'executor', name: 'executor-1' }))
    expect(executor)
      .to.include({ 'executor.host': 'executor-1' })
      .and.not.have.property('database.connection')
    const api = options(nodeConfig({ ...settings, kind: 'api', name: 'api-1', apiPort: 5003 }))
    expect(api).to.include({ 'api.host': '127.0.0.1', 'api.port': '5003' })
  })

  it('states the time-outs that the journal states', () => {
    const stated: Timeouts = timeouts
    const interval = seconds('action_heartbeat.check_interval')
    expect(stated).to.deep.equal({
      rpcResponseMs: seconds('DEFAULT.rpc_response_timeout') * 1000,
      heartbeatIntervalMs: interval * 1000,
      heartbeatBudgetMs: interval * seconds('action_heartbeat.max_missed_heartbeats') * 1000,
      firstHeartbeatMs: seconds('action_heartbeat.first_heartbeat_timeout') * 1000,
      schedulerPickupMs: seconds('scheduler.pickup_job_after') * 1000,
      schedulerCapturedMs: seconds('scheduler.captured_job_timeout') * 1000,
      integrityFirstMs: 10_000,
      integrityEveryMs: 120_000,
    })
  })

  it('names the RPC driver where there is a choice, and refuses one that there is not', () => {
    expect(options(nodeConfig({ ...settings, rpc: 'kombu' }))['DEFAULT.rpc_implementation']).to.equal('kombu')
    expect(options(nodeConfig({ ...settings, version: '23.0.0' }))).not.to.have.property(
      'DEFAULT.rpc_implementation',
    )
    expect(() => nodeConfig({ ...settings, version: '23.0.0', rpc: 'kombu' })).to.throw(
      UsageError,
      'Mistral 23.0.0 has no RPC driver kombu; it has oslo',
    )
  })

  it('lets actions call loopback on every version', () => {
    expect(options(nodeConfig(settings))['action_std_http.denied_cidrs']).to.equal('')
  })

  it('refuses an engine without PostgreSQL, and an api without a port', () => {
    const { postgresPort: _none, ...noPostgres } = settings
    expect(() => nodeConfig(noPostgres)).to.throw(UsageError, 'engine-1 needs a port of PostgreSQL')
    expect(() => nodeConfig({ ...settings, kind: 'api', name: 'api-1' })).to.throw(
      UsageError,
      'api-1 needs a port to listen on',
    )
  })
})
