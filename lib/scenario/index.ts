/** What suites import, the only part of `lib` that they do. */
export { expect } from './expect.ts'
export type { KnownGap } from './gaps.ts'
export { scenario } from './scenario.ts'
