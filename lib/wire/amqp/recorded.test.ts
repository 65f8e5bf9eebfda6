import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { AmqpMessage } from './message.ts'
import { decode } from './trace.helper.ts'

/** The beginnings of lanes between Mistral 15.0.0 under oslo (py-amqp 5.1.1) and RabbitMQ 3.10.8, recorded by the proxy. */
function recorded(lane: string): AmqpMessage[] {
  const bytes = readFileSync(join(import.meta.dirname, 'fixtures', `${lane}.bin`))
  const { messages, opaque } = decode([bytes])
  expect(opaque).to.deep.equal([])
  expect(messages.reduce((sum, { size }) => sum + size, 0)).to.equal(bytes.length)
  return messages
}

/** The message of this method; there is one. */
function only<M extends AmqpMessage['method']>(messages: AmqpMessage[], name: M) {
  const [message, ...more] = messages.filter((one) => one.method === name)
  expect(more).to.deep.equal([])
  return message as Extract<AmqpMessage, { method: M }>
}

describe('AMQP as it was recorded', () => {
  it('from py-amqp', () => {
    const messages = recorded('py-amqp.upstream')
    expect(messages.map(({ channel, method }) => `${channel} ${method}`)).to.deep.equal([
      '0 protocol-header',
      '0 connection.start-ok',
      '0 connection.tune-ok',
      '0 connection.open',
      '1 channel.open',
      '1 confirm.select',
      '1 basic.publish',
    ])
    const { fields } = only(messages, 'connection.start-ok')
    expect(fields.mechanism).to.equal('AMQPLAIN')
    expect(fields.clientProperties).to.deep.equal({
      product: 'py-amqp',
      product_version: '5.1.1',
      capabilities: {
        authentication_failure_close: true,
        'connection.blocked': true,
        consumer_cancel_notify: true,
      },
      connection_name: 'launch.py:11886:d493f235-e25f-4b88-b50f-35858a098ef2',
    })
    expect(only(messages, 'connection.tune-ok').fields).to.deep.equal({
      channelMax: 2047,
      frameMax: 131_072,
      heartbeat: 60,
    })
    const publish = only(messages, 'basic.publish')
    expect(publish.fields).to.deep.equal({
      ticket: 0,
      exchange: '',
      routingKey: 'amq.gen-THdES3bFhy5Rd5aL_P2J8A',
      mandatory: true,
      immediate: false,
    })
    expect(publish.content.properties).to.deep.equal({
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      headers: {},
      deliveryMode: 2,
      priority: 0,
    })
    expect(JSON.parse(publish.content.body.toString())).to.have.property('oslo.version', '2.0')
  })

  it('from RabbitMQ', () => {
    const messages = recorded('rabbitmq.downstream')
    const { serverProperties, mechanisms } = only(messages, 'connection.start').fields
    expect(serverProperties).to.include({ product: 'RabbitMQ', version: '3.10.8' })
    expect(mechanisms.toString()).to.equal('PLAIN AMQPLAIN')
    const declared = messages.flatMap((one) => (one.method === 'queue.declare-ok' ? [one.fields] : []))
    expect(declared[0]).to.deep.equal({ queue: 'mistral_executor', messageCount: 0, consumerCount: 1 })
    const deliver = only(messages, 'basic.deliver')
    expect(deliver.fields).to.deep.equal({
      consumerTag: '2',
      deliveryTag: 1,
      redelivered: false,
      exchange: 'openstack',
      routingKey: 'mistral_executor.executor-1',
    })
    expect(deliver.content.properties).to.deep.equal({
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      headers: {},
      expiration: '2000',
      messageId: '3b26359b-7376-441d-9dde-af953d19a9dd',
    })
    expect(deliver.content).to.include({ bodySize: 257, truncated: false })
    expect(JSON.parse(deliver.content.body.toString())).to.have.property('oslo.version', '2.0')
  })
})
