/** `ageMs` → `age_ms`. */
type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : Name

/** As the API shows it: each name that it has, at any depth, in Toxiproxy's way. */
export type SnakeCased<T> = T extends readonly (infer Item)[]
  ? SnakeCased<Item>[]
  : T extends object
    ? { [Name in keyof T as SnakeCase<Name & string>]: SnakeCased<T[Name]> }
    : T

/** For what is plain data with names of ours only: one that a user gave would be changed too. */
export function snakeCased<T>(data: T): SnakeCased<T> {
  return converted(data) as SnakeCased<T>
}

function converted(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(converted)
  if (typeof data !== 'object' || data === null) return data
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [snakeCase(name), converted(value)]))
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
