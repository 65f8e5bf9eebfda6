import type { Rpc } from '../../ledger/entries.ts'

/** The properties of a message that say who it is. */
export interface Properties {
  correlationId?: string | undefined
  type?: string | undefined
}

/** What a message is, read anew: nothing here comes from the decoders that are to be proven. */
export interface Identified {
  identity: string
  /** '' for a reply. */
  method: string
  /** The action that it is about, if it is about one. */
  action?: string
}

/** The identity of an RPC message by its body: oslo's unique id, or what kombu has instead. */
export function identify(rpc: Rpc, body: string, properties: Properties): Identified {
  return rpc === 'oslo' ? ofOslo(body) : ofKombu(body, properties)
}

type Arguments = Record<string, string | null>

function ofOslo(body: string): Identified {
  const envelope = JSON.parse(body) as { 'oslo.message': string }
  const message = JSON.parse(envelope['oslo.message']) as {
    _unique_id: string
    method?: string
    args?: Arguments
  }
  return { identity: message._unique_id, method: message.method ?? '', ...actionIn(message.args) }
}

function ofKombu(body: string, { correlationId = '', type }: Properties): Identified {
  if (type === 'response' || type === 'error') return { identity: `reply ${correlationId}`, method: '' }
  const message = JSON.parse(body) as { rpc_method: string; arguments: Arguments; async?: boolean }
  const method = message.rpc_method
  const { action } = actionIn(message.arguments)
  // A cast about an action is known by that: a repeat of it has another correlation id.
  const identity = message.async === true && action !== undefined ? `${method} ${action}` : correlationId
  return { identity, method, ...(action === undefined ? {} : { action }) }
}

function actionIn(args: Arguments = {}): { action?: string } {
  const { action_ex_id: action, wf_action: isWorkflow } = args
  if (action == null || isWorkflow === 'true') return {}
  return { action: JSON.parse(action) as string }
}
