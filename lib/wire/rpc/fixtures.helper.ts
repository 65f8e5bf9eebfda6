import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RpcInput } from './call.ts'

/** A message that Mistral's own libraries made: see fixtures/make.py. */
export interface Fixture {
  /** What it is, in words; the same for each driver and version. */
  name: string
  version: string
  driver: 'oslo' | 'kombu'
  input: RpcInput
  /** What Mistral was given, as the receiver gets it. */
  args: Record<string, unknown>
  /** The ids in it. */
  known: { workflow: string; task: string; action: string; child: string }
}

interface Written extends Omit<Fixture, 'version' | 'input'> {
  exchange: string
  properties: RpcInput['properties']
  body?: string
  base64?: string
}

function read(version: string): Fixture[] {
  const path = join(import.meta.dirname, 'fixtures', `mistral-${version}.json`)
  const { messages } = JSON.parse(readFileSync(path, 'utf8')) as { messages: Written[] }
  return messages.map(({ exchange, properties, body, base64, ...rest }) => {
    const bytes = base64 === undefined ? Buffer.from(body ?? '') : Buffer.from(base64, 'base64')
    return { ...rest, version, input: { exchange, properties, body: bytes, truncated: false } }
  })
}

export const FIXTURES: readonly Fixture[] = ['15.0.0', '23.0.0'].flatMap(read)

/** The fixture of this name. */
export function fixture(name: string, driver: Fixture['driver'], version = '15.0.0'): Fixture {
  const found = FIXTURES.find((one) => one.name === name && one.driver === driver && one.version === version)
  if (!found) throw new Error(`there is no fixture "${name}" of ${driver}, ${version}`)
  return found
}
