import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { HarnessError, messageOf } from '../util/errors.ts'
import { findPrograms, type Programs } from './programs.ts'

/** The broker's Erlang node; its epmd is its own, so every cluster can use the same name. */
export const BROKER_NODE = 'rabbit@localhost'

export interface QueueState {
  name: string
  ready: number
  unacked: number
  consumers: number
}

/** What the broker itself says, asked inside its own Erlang node. */
export interface BrokerState {
  queues: QueueState[]
  /** One row per consumer: the queue, and the port that its connection comes from (a proxy's upstream socket). */
  consumers: { queue: string; peerPort: number }[]
  connections: number
}

// Evaluated inside the broker by erl_call, which answers in milliseconds where rabbitmqctl takes a second of processor time.
const READ = `
Conns = maps:from_list([{proplists:get_value(pid, I), proplists:get_value(peer_port, I)}
  || I <- rabbit_networking:connection_info_all([pid, peer_port])]),
Chans = maps:from_list([{proplists:get_value(pid, I), maps:get(proplists:get_value(connection, I), Conns, 0)}
  || I <- rabbit_channel:info_all([pid, connection])]),
Queues = [#{name => element(4, proplists:get_value(name, I)), ready => proplists:get_value(messages_ready, I),
    unacked => proplists:get_value(messages_unacknowledged, I), consumers => proplists:get_value(consumers, I)}
  || I <- rabbit_amqqueue:info_all(<<"/">>, [name, messages_ready, messages_unacknowledged, consumers])],
Consumers = [#{queue => element(4, proplists:get_value(queue_name, C)),
    peerPort => maps:get(proplists:get_value(channel_pid, C), Chans, 0)} || C <- rabbit_amqqueue:consumers_all(<<"/">>)],
io:format("~s", [rabbit_json:encode(#{queues => Queues, consumers => Consumers, connections => maps:size(Conns)})]), ok.
`

/** It answers in milliseconds; a machine that is short of processors takes its time. */
const ANSWER_LIMIT_MS = 20_000

let asked = 0

async function evaluate(
  programs: Programs,
  env: Record<string, string>,
  expression: string,
  limitMs: number,
): Promise<string> {
  asked += 1
  // A name of its own for each call: of two callers with one name the node refuses the second.
  const args = [
    '-h',
    `crosswind${process.pid}x${asked}`,
    '-sname',
    BROKER_NODE,
    '-fetch_stdout',
    '-no_result_term',
    '-timeout',
    String(Math.ceil(limitMs / 1000)),
    '-e',
  ]
  const call = promisify(execFile)(programs.erlCall, args, {
    env,
    timeout: limitMs,
    maxBuffer: 64 * 2 ** 20,
  })
  call.child.stdin?.on('error', () => {
    // erl_call that has ended closes its input; its exit status says what happened.
  })
  call.child.stdin?.end(expression)
  return (await call).stdout
}

/**
 * @param env Of the broker itself: its HOME has the cookie, and it names the broker's own epmd.
 * @param log Where to look when it does not answer.
 * @throws {HarnessError} when it does not answer in time.
 */
export async function askBroker(
  programs: Programs,
  env: Record<string, string>,
  log: string,
  limitMs = ANSWER_LIMIT_MS,
): Promise<BrokerState> {
  try {
    return JSON.parse(await evaluate(programs, env, READ, limitMs)) as BrokerState
  } catch (error) {
    throw new HarnessError(`RabbitMQ does not answer (its log: ${log}): ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** What erl_call needs to be let in, for somebody who did not start the broker. */
const environmentIn = (folder: string, epmdPort: number): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  // Where the cookie lies that lets one in.
  HOME: join(folder, 'rabbitmq'),
  ERL_EPMD_PORT: String(epmdPort),
  ERL_EPMD_ADDRESS: '127.0.0.1',
})

/**
 * What the broker of a cluster says to somebody who did not start it.
 * @param folder The cluster's.
 * @throws {HarnessError} when it does not answer in time.
 */
export async function readBroker(folder: string, epmdPort: number, limitMs: number): Promise<BrokerState> {
  const env = environmentIn(folder, epmdPort)
  return askBroker(findPrograms(), env, "in the folder of the cluster's logs", limitMs)
}

/**
 * Evaluates an Erlang expression inside the broker of a cluster.
 * @param folder The cluster's.
 * @returns What the expression prints.
 */
export async function evaluateInBroker(
  folder: string,
  epmdPort: number,
  expression: string,
): Promise<string> {
  return evaluate(findPrograms(), environmentIn(folder, epmdPort), expression, ANSWER_LIMIT_MS)
}
