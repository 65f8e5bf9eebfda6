import { Counter, Registry } from 'prom-client'
import type { Proxies } from '../proxy/proxies.ts'

/** Toxiproxy's metrics, under its names; they move while connections live. */
export function metricsOf(proxies: Proxies): () => Promise<string> {
  const registry = new Registry()
  registry.registerMetric(counterOf('received', proxies))
  registry.registerMetric(counterOf('sent', proxies))
  return () => registry.metrics()
}

const counterOf = (what: 'received' | 'sent', proxies: Proxies) =>
  new Counter({
    name: `toxiproxy_proxy_${what}_bytes_total`,
    help: `Bytes ${what} by a proxy, in one direction`,
    labelNames: ['direction', 'proxy', 'listener', 'upstream'],
    registers: [],
    collect() {
      this.reset()
      for (const proxy of proxies.list()) {
        const { name, listen: listener, upstream } = proxy
        const { lanes } = proxy.evidence()
        for (const direction of ['upstream', 'downstream'] as const)
          this.inc({ direction, proxy: name, listener, upstream }, lanes[direction][what])
      }
    },
  })

/** As Prometheus asks for it. */
export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE
