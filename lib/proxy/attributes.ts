import {
  MAX_ATTRIBUTE,
  type Attribute,
  type AttributeValue,
  type AttributeValues,
  type ToxicDefinition,
} from '../toxic.ts'
import { messageOf } from '../util/errors.ts'
import { nearest } from '../util/nearest.ts'

/** So much of a wrong name is told, in characters. */
const LONGEST_NAME = 100

/** The values that need not be given. */
export const defaultsOf = ({ attributes }: Pick<ToxicDefinition, 'attributes'>): AttributeValues =>
  Object.fromEntries(
    Object.entries(attributes).flatMap(([name, attribute]) =>
      attribute.default === undefined ? [] : [[name, attribute.default]],
    ),
  )

/** What is shown of a toxic's values: what Toxiproxy's does not have only where it differs from its default. */
export const shownAttributes = ({ attributes }: ToxicDefinition, values: AttributeValues): AttributeValues =>
  Object.fromEntries(
    Object.entries(values).filter(([name, value]) => {
      const attribute = attributes[name]
      return !attribute?.ours || value !== attribute.default
    }),
  )

/** `latency has no latncy; nearest: latency, jitter`, of the first of some names that a type does not have. */
export function unknownAttribute(
  { type, attributes }: Pick<ToxicDefinition, 'type' | 'attributes'>,
  names: readonly string[],
): string | undefined {
  const known = Object.keys(attributes)
  const unknown = names.find((name) => !known.includes(name.toLowerCase()))
  if (unknown === undefined) return undefined
  const shown = unknown.length > LONGEST_NAME ? `${unknown.slice(0, LONGEST_NAME)}…` : unknown
  const hint = known.length > 0 ? `; nearest: ${nearest(shown, known).join(', ')}` : '; it has none'
  return `${type} has no ${shown}${hint}`
}

export function isValueOf(attribute: Attribute, value: unknown): value is AttributeValue {
  if ('choices' in attribute) return attribute.choices.some((choice) => choice === value)
  if ('text' in attribute) {
    if (typeof value !== 'string') return false
    return (
      value === attribute.default ||
      (value !== '' && hasForm(attribute, value) && patternProblem(attribute, value) === undefined)
    )
  }
  const { min, max = MAX_ATTRIBUTE } = attribute
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
}

/** `must be a whole number of ms from 0 to 10, not 11`. @param value one that it cannot have. */
export function whatItMustBe(attribute: Attribute, value: unknown): string {
  const got = value === undefined ? '' : `, not ${JSON.stringify(value)}`
  if ('choices' in attribute) return `must be ${attribute.choices.join(' or ')}${got}`
  if ('unit' in attribute) {
    const { unit, min, max = MAX_ATTRIBUTE } = attribute
    return `must be a whole number of ${unit} from ${min} to ${max}${got}`
  }
  if (attribute.form !== undefined) return `must be like ${attribute.form}${got}`
  if (attribute.text === 'plain') return `must be a text that is not empty${got}`
  const why = typeof value === 'string' && value !== '' ? patternProblem(attribute, value) : undefined
  return `must be a regular expression${got}${why ? `: ${why}` : ''}`
}

/** What its values are, for help: `KB/s`, `idle or absolute`, `text`, `regular expression`. */
export function kindOfValue(attribute: Attribute): string {
  if ('choices' in attribute) return attribute.choices.join(' or ')
  if ('unit' in attribute) return attribute.unit
  return attribute.text === 'plain' ? 'text' : 'regular expression'
}

const hasForm = ({ form }: { form?: string }, value: string): boolean =>
  form === undefined || new RegExp(form).test(value)

function patternProblem(attribute: Attribute, value: string): string | undefined {
  if (!('text' in attribute) || attribute.text === 'plain') return undefined
  try {
    RegExp(value)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}
