/**
 * Tells a node, `engine-1`, from what nodes depend on and what that needs itself: `rabbitmq`, `postgres`, `epmd`.
 * Of these none is Mistral's: if one ends by itself, the harness is broken.
 */
export const isNode = (name: string): boolean => /-\d+$/.test(name)
