import type { ToxicDefinition } from '../lib/toxic.ts'
import amqpAck from './amqp_ack.ts'
import amqpClose from './amqp_close.ts'
import amqpDelay from './amqp_delay.ts'
import amqpDrop from './amqp_drop.ts'
import amqpDuplicate from './amqp_duplicate.ts'
import amqpHeartbeat from './amqp_heartbeat.ts'
import amqpReorder from './amqp_reorder.ts'
import bandwidth from './bandwidth.ts'
import latency from './latency.ts'
import limitData from './limit_data.ts'
import noop from './noop.ts'
import pgCut from './pg_cut.ts'
import pgDelay from './pg_delay.ts'
import pgError from './pg_error.ts'
import pgHold from './pg_hold.ts'
import resetPeer from './reset_peer.ts'
import slicer from './slicer.ts'
import slowClose from './slow_close.ts'
import timeout from './timeout.ts'

/** Every toxic that the embedded server knows, by type. */
export const toxics: readonly ToxicDefinition[] = [
  amqpAck,
  amqpClose,
  amqpDelay,
  amqpDrop,
  amqpDuplicate,
  amqpHeartbeat,
  amqpReorder,
  bandwidth,
  latency,
  limitData,
  noop,
  pgCut,
  pgDelay,
  pgError,
  pgHold,
  resetPeer,
  slicer,
  slowClose,
  timeout,
]
