/**
 * A broken harness: something of ours, of the machine or of a service, never a finding about Mistral.
 * Its text says what was wrong, where, and what to do. Exit code 2.
 */
export class HarnessError extends Error {
  override name = 'HarnessError'
}

/** A wrong word on the command line or in an API call by a suite: exit code 2, no stack trace. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** The text of whatever was thrown; it never throws itself, whatever a toxic of somebody's has thrown. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown)
  } catch {
    return 'something that has no text'
  }
}
