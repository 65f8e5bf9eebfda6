/** `*` in a name stands for anything. */
export const name = (about: string) => ({ text: 'plain', default: '', ours: true, about }) as const

/** Which of those that match are struck. */
export const STRIKE_COUNT = {
  nth: {
    unit: 'messages',
    min: 1,
    default: 1,
    ours: true,
    about: 'the first that is struck, counted from arming; what is sent or delivered again does not count',
  },
  count: {
    unit: 'messages',
    min: 0,
    default: 1,
    ours: true,
    about: 'so many are struck; 0: all from the nth on',
  },
  probability: {
    unit: '%',
    min: 0,
    max: 100,
    default: 100,
    ours: true,
    about: 'of those that would be struck',
  },
  group: name('toxics of one group count together, on whatever links'),
} as const
