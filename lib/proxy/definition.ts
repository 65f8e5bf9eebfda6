import type { ToxicDefinition } from '../toxic.ts'
import { nearest } from '../util/nearest.ts'
import { isValueOf, whatItMustBe } from './attributes.ts'

type Fields = Record<string, unknown>

/** What makes an attribute a number, a choice or a text, and what each kind may have besides. */
const KINDS = { unit: ['min', 'max'], choices: [], text: ['form'] } as const
const OF_EVERY_KIND = ['default', 'ours', 'about']
const OF_A_TOXIC = ['type', 'about', 'attributes', 'closesWhenRemoved', 'strikes', 'open']
const OF_STRIKES = ['protocol', 'on', 'answers', 'usually', 'only']
const PROTOCOLS = ['amqp', 'postgres']
const STREAMS = ['upstream', 'downstream']

/** The API reads names in any case, and a type names a file. */
const NAME = /^[a-z][a-z0-9_]*$/

/**
 * What is wrong with a toxic that somebody wrote, in words, and where; undefined if it is well-formed.
 * @param known The toxics whose types are taken.
 */
export function problemOf(definition: unknown, known: readonly ToxicDefinition[]): string | undefined {
  if (!isFields(definition)) return `must be an object, defineToxic({ … }), not ${shown(definition)}`
  const { type, about, attributes, closesWhenRemoved, strikes, open } = definition
  if (!isName(type)) return `type must be a word such as my_toxic, not ${shown(type)}`
  if (known.some((one) => one.type === type)) return `type "${type}" is taken`
  if (!isText(about)) return `about must be a sentence, not ${shown(about)}`
  if (!isFields(attributes))
    return `attributes must be an object, {} if there are none, not ${shown(attributes)}`
  if (
    closesWhenRemoved !== undefined &&
    typeof closesWhenRemoved !== 'boolean' &&
    closesWhenRemoved !== 'always'
  )
    return `closesWhenRemoved must be true, false or "always", not ${shown(closesWhenRemoved)}`
  if (typeof open !== 'function') return `open must be a function, not ${shown(open)}`
  const unknown = unknownIn(definition, OF_A_TOXIC) ?? strikesProblem(strikes)
  if (unknown) return unknown
  for (const [name, attribute] of Object.entries(attributes)) {
    const problem = isName(name) ? attributeProblem(attribute) : 'its name must be a word in lower case'
    if (problem) return `attributes.${name}: ${problem}`
  }
  return undefined
}

/** What `defineAmqpToxic` and `definePostgresToxic` put in. */
function strikesProblem(strikes: unknown): string | undefined {
  if (strikes === undefined) return undefined
  if (!isFields(strikes)) return `strikes must be an object, not ${shown(strikes)}`
  const { protocol, on } = strikes
  if (!PROTOCOLS.some((one) => one === protocol))
    return `strikes.protocol must be ${PROTOCOLS.join(' or ')}, not ${shown(protocol)}`
  if (!isFields(on)) return `on must be an object, { upstream: ['basic.publish'] }, not ${shown(on)}`
  const wrong = Object.entries(on).find(([, methods]) => !(Array.isArray(methods) && methods.every(isText)))
  if (wrong) return `on.${wrong[0]} must be a list of methods, not ${shown(wrong[1])}`
  return unknownIn(on, STREAMS) ?? unknownIn(strikes, OF_STRIKES)
}

function attributeProblem(attribute: unknown): string | undefined {
  if (!isFields(attribute)) return `must be an object, not ${shown(attribute)}`
  const [kind, ...others] = Object.keys(KINDS).filter((key) => key in attribute)
  if (kind === undefined || others.length > 0)
    return 'must have one of unit (a whole number), choices (a word) and text'
  const unknown = unknownIn(attribute, [kind, ...KINDS[kind as keyof typeof KINDS], ...OF_EVERY_KIND])
  if (unknown) return unknown
  if (!isText(attribute['about'])) return `about must be a sentence, not ${shown(attribute['about'])}`
  const { ours, default: usual } = attribute
  if (ours !== undefined && typeof ours !== 'boolean') return `ours must be true or false, not ${shown(ours)}`
  if (ours && usual === undefined) return 'one that is ours must have a default'
  return kindProblem(attribute) ?? defaultProblem(attribute)
}

function kindProblem({ unit, min, max, choices, text }: Fields): string | undefined {
  if (unit !== undefined) {
    if (!isText(unit)) return `unit must be a text, not ${shown(unit)}`
    if (!Number.isInteger(min)) return `min must be a whole number, not ${shown(min)}`
    if (max === undefined || (Number.isInteger(max) && Number(max) >= Number(min))) return undefined
    return `max must be a whole number from ${String(min)}, not ${shown(max)}`
  }
  if (choices !== undefined) {
    if (Array.isArray(choices) && choices.length > 0 && choices.every(isText)) return undefined
    return `choices must be a list of words, not ${shown(choices)}`
  }
  return text === 'plain' || text === 'pattern'
    ? undefined
    : `text must be plain or pattern, not ${shown(text)}`
}

function defaultProblem(attribute: Fields): string | undefined {
  const { default: usual } = attribute
  const checked = attribute as unknown as ToxicDefinition['attributes'][string]
  return usual === undefined || isValueOf(checked, usual)
    ? undefined
    : `default ${whatItMustBe(checked, usual)}`
}

function unknownIn(fields: Fields, known: readonly string[]): string | undefined {
  const unknown = Object.keys(fields).find((key) => !known.includes(key))
  return unknown && `has no field ${unknown}; nearest: ${nearest(unknown, known).join(', ')}`
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== ''
const isName = (value: unknown): value is string => typeof value === 'string' && NAME.test(value)
const shown = (value: unknown): string =>
  typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? 'undefined')
