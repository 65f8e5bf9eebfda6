import type { Command } from 'commander'
import { withServerChoice, type ServerChoice } from '../clusters.ts'

/** What every word behind `proxy` takes. */
export interface ProxyFlags extends ServerChoice {
  json: boolean
}

/** A word behind `proxy`. */
export const proxyCommand = (proxy: Command, name: string, about: string): Command =>
  withServerChoice(proxy.command(name).description(about).option('--json', 'as JSON', false))

export const say = (line: string): void => void process.stdout.write(`${line}\n`)
