import { faultsOn } from './faults.ts'
import { ofKind, type ScenarioFacts } from './facts.ts'
import { unsettled } from './settle.ts'
import type { Deaths } from './surroundings.ts'
import type { Counts, Doubt, FaultReport, Reason } from './verdict-document.ts'

type Unknown = Extract<Reason, { outcome: 'unknown' }>

const doubt = (word: Doubt, text: string, ids: string[] = []): Unknown => ({
  outcome: 'unknown',
  word,
  text,
  ids,
})

/** Doubts that leave nothing proven: whatever else was found may be the harness's own doing, or still change. */
const VOIDING: ReadonlySet<Doubt> = new Set(['journal', 'harness', 'unsettled'])

export const isVoiding = (reason: Reason): boolean => reason.outcome === 'unknown' && VOIDING.has(reason.word)

/** The journal cannot be trusted, or lacks what every judgement needs. */
export function journalDoubts(facts: ScenarioFacts): Unknown[] {
  const { hole, run } = facts.past
  return [
    ...(hole
      ? [doubt('journal', `the journal has a hole or is out of order at ordinal ${hole.ordinal}`)]
      : []),
    ...(run ? [] : [doubt('journal', 'the journal does not say with which time-outs the run began')]),
    ...(facts.asked ? [] : [doubt('journal', 'the journal ends before the verdict was asked for')]),
  ]
}

/** Something of ours, of the machine or of a service broke. */
export function harnessDoubts(facts: ScenarioFacts, deaths: Deaths): Unknown[] {
  return [
    ...ofKind(facts.ownEntries, 'harness.failed').map(({ text }) => doubt('harness', text)),
    ...deaths.services.map(({ id, text }) => doubt('harness', text, [id])),
  ]
}

/** It was judged before it had come to rest; the journal's own claim is checked against its readings. */
export function settlingDoubts(facts: ScenarioFacts): Unknown[] {
  const { settled, judgedEntries } = facts
  if (!settled) return [doubt('unsettled', 'nothing says that the run has settled')]
  const missing = unsettled({
    readings: ofKind(judgedEntries, 'database.read'),
    broker: ofKind(judgedEntries, 'broker.read').at(-1),
    bytesHeld: settled.bytesHeld,
    faultsOn: faultsOn(facts),
    executions: ofKind(judgedEntries, 'execution.requested').map(({ execution }) => execution),
  })
  if (!settled.settled) return [doubt('unsettled', [settled.text, ...missing].join('; '))]
  return missing.map((text) => doubt('unsettled', text))
}

/** Workflows of the final reading whose graph is unknown: what they owe cannot be told. */
export function graphDoubts({ judgedEntries, past: { graphs }, reading }: ScenarioFacts): Unknown[] {
  const rows = reading?.executions ?? []
  const asked = ofKind(judgedEntries, 'execution.requested')
  const workflows = new Set([...rows, ...asked].map(({ workflow }) => workflow))
  return [...workflows]
    .filter((workflow) => !graphs.has(workflow))
    .map((workflow) =>
      doubt('evidence', `the graph of workflow ${workflow} is not in the journal`, [workflow]),
    )
}

/** The final reading contradicts itself: in one transaction no row is there twice, and none without what it belongs to. */
export function readingDoubts({ reading }: ScenarioFacts): Unknown[] {
  if (!reading) return []
  const { ordinal, executions, tasks, actions } = reading
  const rows = [
    ...executions.map(({ id, task }) => ({ what: 'execution', id, of: task ?? undefined })),
    ...tasks.map(({ id, execution }) => ({ what: 'task', id, of: execution })),
    ...actions.map(({ id, task }) => ({ what: 'action', id, of: task })),
  ]
  const byId = Map.groupBy(rows, ({ id }) => id)
  return [
    ...[...byId].flatMap(([id, [first, ...more]]) =>
      first && more.length > 0
        ? [doubt('evidence', `entry ${ordinal} has ${first.what} ${id} ${more.length + 1} times`, [id])]
        : [],
    ),
    ...rows.flatMap(({ what, id, of }) =>
      of !== undefined && !byId.has(of)
        ? [doubt('evidence', `entry ${ordinal} lacks ${of}, to which ${what} ${id} belongs`, [of, id])]
        : [],
    ),
  ]
}

/** Nothing was started, or nothing that should have had an effect had one. */
export function coverageDoubts({ executions, effects }: Counts): Unknown[] {
  return [
    ...(executions.started === 0 ? [doubt('nothing', 'no execution was started')] : []),
    ...(effects.expected > 0 && effects.covered === 0
      ? [doubt('effects', `none of the ${effects.expected} effects that the workflows owe has arrived`)]
      : []),
  ]
}

/** Faults that proved nothing. */
export function faultDoubts(facts: ScenarioFacts, faults: readonly FaultReport[]): Unknown[] {
  if (faults.length === 0 && facts.asked?.faultless !== true) {
    return [doubt('fault', 'no fault was set, and the suite is not one without faults')]
  }
  return faults
    .filter(({ whyNot }) => whyNot.length > 0)
    .map(({ fault, text, whyNot }) =>
      doubt('fault', `${fault} (${text}) proved nothing: ${whyNot.join('; ')}`, [fault]),
    )
}
