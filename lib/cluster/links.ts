import type { NodeKind, Service } from './state.ts'

/** What makes a node's path to a service: somebody else's business (the proxies'), handed in. */
export interface LinkFabric {
  /**
   * Lays the link to a service on `upstreamPort` and returns the loopback port that the node is to use.
   * @param note is told where our own proxy listens, before a Toxiproxy that outlives us is told to lead there.
   */
  open(link: string, upstreamPort: number, note?: (tap: string) => void): Promise<number>
  /** Ports from which the link's connections reach the service now. */
  servicePorts(link: string): Promise<number[]>
}

/** Executors keep no state: they speak to RabbitMQ alone. */
const SERVICES_OF: Record<NodeKind, readonly Service[]> = {
  api: ['rabbitmq', 'postgres'],
  engine: ['rabbitmq', 'postgres'],
  executor: ['rabbitmq'],
}

export const servicesOf = (kind: NodeKind): readonly Service[] => SERVICES_OF[kind]

/** `engine-1.rabbitmq` */
export const linkName = (node: string, service: Service): string => `${node}.${service}`
