/** How a client tells the service what it wants, and how the service tells the time. */

/** A letter, and a number as a float64. */
export const HEAD_BYTES = 9
/** A float64: ms on a clock that all threads of the process share. */
export const STAMP_BYTES = 8

export function head(service: string, amount = 0): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES)
  bytes.write(service, 'latin1')
  bytes.writeDoubleLE(amount, 1)
  return bytes
}

export const readHead = (bytes: Buffer): { service: string; amount: number } => ({
  service: bytes.toString('latin1', 0, 1),
  amount: bytes.readDoubleLE(1),
})

/** `performance.now()` begins anew in each thread. */
export const sharedNow = (): number => performance.timeOrigin + performance.now()

export function stampNow(): Buffer {
  const bytes = Buffer.alloc(STAMP_BYTES)
  bytes.writeDoubleLE(sharedNow())
  return bytes
}
