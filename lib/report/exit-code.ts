import type { ReportDocument } from './document.ts'

/**
 * 0: every promise that applied was kept. 1: one was broken, or a known gap has closed. 2: something is unknown or was
 * skipped, the harness broke, or nothing applied. With both 1 and 2 it is 1. 130: interrupted, whatever is known so far.
 */
export type ExitCode = 0 | 1 | 2 | 130

export function exitCode(run: Pick<ReportDocument, 'promises' | 'harnessErrors' | 'interrupted'>): ExitCode {
  if (run.interrupted) return 130
  const applied = run.promises.filter(({ status }) => status !== 'not applicable')
  if (applied.some(({ status, gap }) => status === 'broken' || gap?.state === 'closed')) return 1
  const proven = applied.length > 0 && applied.every(({ status }) => status === 'kept')
  return proven && run.harnessErrors.length === 0 ? 0 : 2
}
