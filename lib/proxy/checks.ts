/** What a toxic's code gives is checked while it runs: what is wrong with it would end the process later. */
import type { Hooks } from '../toxic.ts'

/** @throws {TypeError} if a toxic may not send this, or not then. */
export function checkSent(bytes: unknown, due = 0): void {
  if (!Buffer.isBuffer(bytes)) throw new TypeError('what is sent must be a Buffer')
  if (typeof due !== 'number' || Number.isNaN(due)) throw new TypeError(`due is no number: ${due}`)
}

/** @throws {TypeError} if it was not synchronous. */
export function checkSynchronous(given: unknown): void {
  if (!(given instanceof Promise)) return
  given.catch(() => {})
  throw new TypeError('hooks are synchronous: this one gave a promise')
}

/** @throws {TypeError} if `open` gave something else. */
export function checkHooks(given: unknown): Hooks {
  checkSynchronous(given)
  if (typeof given === 'object' && given !== null) return given
  throw new TypeError(`open must give an object of hooks, not ${String(given)}`)
}
