import type { AllowedWord } from '../promise-entries.ts'
import { ofKind, type ScenarioFacts } from '../facts.ts'
import type { Finding, MessageCounts, Reason } from '../verdict-document.ts'
import { labelOf, type Accounts } from './accounts.ts'
import { isLost, type MessageFate } from './fates.ts'

type Found = Omit<Finding, 'allowed'>

/** What is said of messages, by word. */
export function messageFindings({ own, foreign }: Accounts): [AllowedWord, Found][] {
  const ownWords = own.flatMap((told): [AllowedWord, Found][] => {
    const word = wordFor(told)
    return word === undefined
      ? []
      : [[word, findingOf(told, told.how === undefined ? told.fate : `${told.fate}: ${told.how}`)]]
  })
  return [
    ...ownWords,
    ...foreign.map((told): [AllowedWord, Found] => [
      'unexpected',
      findingOf(told, 'of nothing that this run started'),
    ]),
  ]
}

function wordFor(told: MessageFate): AllowedWord | undefined {
  if (isLost(told)) return 'lost'
  if (told.fate === 'done more than once') return 'duplicated'
  return told.fate === 'parked' ? 'parked' : undefined
}

const findingOf = ({ message, evidence }: MessageFate, what: string): Found => ({
  object: 'message',
  id: message.call.identity,
  ...(message.call.workflow === undefined ? {} : { execution: message.call.workflow }),
  text: `${labelOf(message)}: ${what}`,
  evidence: evidence(),
})

type Unknown = Extract<Reason, { outcome: 'unknown' }>

const doubt = (text: string, ids: string[]): Unknown => ({ outcome: 'unknown', word: 'evidence', text, ids })

/** More of one kind than this says nothing more. */
const LISTED = 20

/** What cannot be told of messages, and what contradicts itself. */
export function messageDoubts({ own, divergences }: Accounts, facts: ScenarioFacts): Unknown[] {
  const unknown = own.filter(({ fate }) => fate === 'unknown')
  const opaque = ofKind(facts.entriesUntilAsked, 'connection.opaque')
  return [
    ...opaque.map(({ link, connection, reason }) =>
      doubt(`connection ${connection} of ${link} could not be read: ${reason}`, [link]),
    ),
    ...unknown
      .slice(0, LISTED)
      .map(({ message, evidence }) =>
        doubt(`what became of ${labelOf(message)} cannot be told: ${evidence().join('; ')}`, [
          message.call.identity,
        ]),
      ),
    ...divergences.slice(0, LISTED).map(({ text, ids }) => doubt(text, ids)),
  ]
}

export function messageCounts({ own }: Accounts): MessageCounts {
  const number = (...fates: string[]): number => own.filter(({ fate }) => fates.includes(fate)).length
  return {
    judged: own.length,
    done: number('done'),
    moot: number('moot'),
    lost: own.filter(isLost).length,
    duplicated: number('done more than once'),
    parked: number('parked'),
    unknown: number('unknown'),
  }
}
