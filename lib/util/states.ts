/** States that Mistral never leaves by itself (SKIPPED: tasks of Mistral 16 and newer). */
export const TERMINAL_STATES: readonly string[] = ['SUCCESS', 'ERROR', 'CANCELLED', 'SKIPPED']

export const isTerminal = ({ state }: { state: string }): boolean => TERMINAL_STATES.includes(state)
