/** The thread in which `Recorder` has everything decoded and written. */
import { serveRecording } from './serve-recording.ts'

serveRecording()
