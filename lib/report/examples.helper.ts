/** Small documents by hand, for the tests of this folder. */
import type { Counts, FaultReport, Finding, Verdict } from '../ledger/verdict-document.ts'
import { buildReport, type PromiseResult, type ReportDocument, type RunFacts } from './document.ts'

export const ID = '4f0c9d2e-7a51-4c1e-9d0a-2b6f8c3e1a77'

/** Everything that somebody else's text could try, on a terminal, in XML, in Markdown and in a workflow command. */
export const HOSTILE =
  '\u001B[31mred\u001B[0m <script>alert(1)</script> </pre> ]]> & "q" | a | `x` [l](http://e.x) ![i](j)\n::error::mine\n##[command]x \0\u0007\uD800\uFFFE é 💥 100%'

const counts = (over: Partial<Counts['executions']> = {}): Counts => ({
  executions: {
    started: 10,
    accepted: 10,
    finished: 10,
    failed: 0,
    waiting: 0,
    late: 0,
    stuck: 0,
    notStarted: 0,
    lost: 0,
    ...over,
  },
  items: { owed: 200, ranZero: 0 },
  attempts: { total: 201, ranOnce: 201, ranMore: 0 },
  effects: { arrived: 201, expected: 200, covered: 200 },
  messages: { judged: 402, done: 401, moot: 1, lost: 0, duplicated: 0, parked: 0, unknown: 0 },
})

export const fault = (seconds: number[], text = 'down for 8 s'): FaultReport => ({
  fault: 'f1',
  text,
  armed: 5,
  matched: 5,
  applied: 5,
  victims: [ID],
  whyNot: [],
  recovery:
    seconds.length === 0
      ? null
      : {
          perExecution: Object.fromEntries(seconds.map((one, index) => [`e${index}`, one])),
          min: Math.min(...seconds),
          median: 3,
          max: Math.max(...seconds),
        },
})

export const stuckFinding = (id = ID): Finding => ({
  object: 'task',
  id,
  execution: 'e-root',
  text: `task t3 (${id}) is RUNNING and has only finished children (1)`,
  evidence: ['no job names it', 'its next integrity check is past'],
  allowed: false,
})

export function verdict(over: Partial<Verdict> = {}): Verdict {
  const findings: Verdict['findings'] = {
    lost: [],
    duplicated: [],
    stuck: [],
    failed: [],
    late: [],
    waiting: [],
    notStarted: [],
    unexpected: [],
    repeated: [],
    parked: [],
    recovered: [],
    finished: [],
  }
  return {
    scenario: 'rabbitmq-down/1',
    suite: 'rabbitmq-down',
    promise: 'loses no message',
    outcome: 'valid',
    reasons: [],
    counts: counts(),
    findings,
    faults: [fault([2.1, 3, 8.4])],
    leftovers: [],
    ...over,
  }
}

export const kept = (over: Partial<PromiseResult> = {}): PromiseResult => ({
  scenario: 'rabbitmq-down/1',
  suite: 'rabbitmq-down',
  story: 'RabbitMQ is unreachable for eight seconds',
  promise: 'loses no message',
  repeat: 1,
  status: 'kept',
  verdict: verdict(),
  durationMs: 24_300,
  logLines: [],
  notes: [],
  ...over,
})

export const broken = (over: Partial<PromiseResult> = {}): PromiseResult =>
  kept({
    scenario: 'postgres-reset/1',
    suite: 'postgres-reset',
    promise: 'finishes every workflow',
    status: 'broken',
    error: 'expected the verdict to be valid\nand more of it',
    verdict: verdict({
      outcome: 'invalid',
      reasons: [{ outcome: 'invalid', word: 'stuck', text: '1 execution is stuck', ids: [ID, 'e-root'] }],
      counts: counts({ finished: 9, stuck: 1 }),
      findings: { ...verdict().findings, stuck: [stuckFinding()] },
    }),
    logLines: [{ node: 'engine-1', lines: ['ERROR oslo_db lost connection'] }],
    ...over,
  })

export const unknown = (over: Partial<PromiseResult> = {}): PromiseResult =>
  broken({
    scenario: 'control/1',
    suite: 'control',
    promise: 'finishes all',
    status: 'unknown',
    verdict: verdict({
      outcome: 'unknown',
      reasons: [{ outcome: 'unknown', word: 'fault', text: 'f1 proved nothing', ids: ['f1'] }],
    }),
    ...over,
  })

/** A promise that ended without a verdict. */
export function unjudged(status: 'harness' | 'not applicable' | 'skipped', error: string): PromiseResult {
  const { verdict: _, ...promise } = kept({ scenario: `engine-cut/1`, suite: 'engine-cut', status, error })
  return promise
}

export const report = (over: Partial<RunFacts> = {}): ReportDocument =>
  buildReport({
    run: '20260131-095959-k3v9xq',
    started: '2026-01-31T09:59:59.000Z',
    durationMs: 252_000,
    seed: 'plum-42',
    command: 'npm start -- --seed plum-42',
    sizes: { api: 1, engine: 2, executor: 2 },
    rpc: 'oslo',
    versions: {
      crosswind: '0.1.0',
      node: '24.21.0',
      mistral: '15.0.0',
      rabbitmq: '3.10.8',
      postgres: '15.6',
    },
    toxiproxy: 'embedded',
    machine: { cpu: 'a cpu', cores: 2, memoryGiB: 7.8, os: 'Linux 6.1', node: 'v24.21.0' },
    promises: [kept()],
    steps: [{ what: 'rabbitmq', ms: 4_900 }],
    notes: [],
    harnessErrors: [],
    interrupted: false,
    ...over,
  })
