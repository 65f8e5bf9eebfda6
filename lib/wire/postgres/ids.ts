const UUID = /(?<![0-9a-f])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f])/gi
const UUID_LENGTH = 36

/**
 * Mistral names an object by its uuid alone, by a key that ends in it ("th_r_t_s-<uuid>"), or in a small JSON object
 * (`{"task_ex_id": "<uuid>"}`). In longer values (inputs, outputs, contexts) uuids are data.
 */
const MAX_VALUE_LENGTH = 128

/** The uuids that a value names, in lower case. */
export function uuidsIn(value: string): string[] {
  if (value.length < UUID_LENGTH || value.length > MAX_VALUE_LENGTH) return []
  return Array.from(value.matchAll(UUID), ([id]) => own(id.toLowerCase()))
}

/** Those of a parameter's bytes, in text format or as a binary string; a binary `uuid` is not recognised. */
export const uuidsInBytes = (value: Buffer | null): string[] =>
  value === null || value.length < UUID_LENGTH || value.length > MAX_VALUE_LENGTH
    ? []
    : uuidsIn(value.toString('latin1'))

/** The same text in memory of its own: a piece of a long text would keep all of that text in memory. */
export const own = (piece: string): string => Buffer.from(piece).toString()
