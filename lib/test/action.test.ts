import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { expect } from 'chai'
import { parse } from 'yaml'
import { addGate } from '../cli/commands/gate.ts'

interface Action {
  inputs: Record<string, { default: string }>
  runs: { steps: { name: string; env?: Record<string, string>; run?: string }[] }
}

const action = parse(readFileSync(join(import.meta.dirname, '../../action.yml'), 'utf8')) as Action

/** Options for whoever looks on: the action keeps the run instead. */
const FOR_PEOPLE = ['--list', '--keep', '--json']
/** Suites are the gate's arguments. */
const NO_OPTIONS = ['suites', 'artifact']

/** What the action gives the gate for these inputs, the others being their defaults. */
function gateArguments(inputs: Record<string, string>): string[] {
  const { env = {}, run = '' } = action.runs.steps.find(({ name }) => name === 'Run the gate') ?? {}
  const given = Object.entries(env).map(([name, value]) => {
    const input = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(value)?.[1] ?? ''
    return [name, inputs[input] ?? action.inputs[input]?.default ?? `no input ${input}`]
  })
  const script = `npm() { printf '%s\\n' "$@"; }\n${run}`
  // As a runner runs it.
  const flags = ['--noprofile', '--norc', '-eo', 'pipefail']
  const printed = execFileSync('bash', [...flags, '-c', script], {
    env: { PATH: process.env['PATH'], ...(Object.fromEntries(given) as Record<string, string>) },
    encoding: 'utf8',
  })
  return printed.split('\n').slice(0, -1)
}

describe('The action', () => {
  it('has an input for every option of the gate but those for people', () => {
    const root = new Command()
    addGate(root)
    const options = root.commands.flatMap((command) => command.options.map(({ long }) => long ?? ''))
    const inputs = Object.keys(action.inputs).filter((name) => !NO_OPTIONS.includes(name))
    expect(inputs.map((name) => `--${name}`).toSorted()).to.deep.equal(
      options.filter((option) => !FOR_PEOPLE.includes(option)).toSorted(),
    )
  })

  it('gives the gate what its inputs say, and nothing of one that is empty', () => {
    const sizes = ['--apis', '1', '--engines', '2', '--executors', '2', '--rpc', 'oslo', '--repeat', '1']
    expect(gateArguments({})).to.deep.equal(['start', '--', ...sizes])
    const inputs = {
      suites: 'control  rabbitmq-down',
      seed: 's 1',
      grep: '$(echo no) "each action"',
      toxiproxy: 'http://127.0.0.1:8474',
      all: 'true',
    }
    const options = ['--seed', inputs.seed, '--grep', inputs.grep, '--toxiproxy', inputs.toxiproxy, '--all']
    const suites = ['control', 'rabbitmq-down']
    expect(gateArguments(inputs)).to.deep.equal(['start', '--', ...suites, ...sizes, ...options])
  })
})
