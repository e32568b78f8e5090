import type { ApiDeps } from '../api-deps.js';
import { endpoint } from '../endpoint.js';
import { METRICS_TYPE, readMetrics } from '../metrics.js';

export const getMetricsEndpoint = (deps: Pick<ApiDeps, 'store' | 'isBackupOverdue'>) =>
  endpoint({
    id: 'getMetrics',
    method: 'get',
    scope: 'host',
    outsideApi: true,
    path: '/metrics',
    role: 'operator',
    summary: 'Figures for Prometheus',
    responses: { 200: { description: 'In its text format.', stream: METRICS_TYPE } },
    handle: () => ({
      status: 200,
      headers: { 'Content-Type': METRICS_TYPE, 'Cache-Control': 'no-store' },
      stream: async () => oneChunk(await readMetrics(deps)),
    }),
  });

// eslint-disable-next-line @typescript-eslint/require-await -- it is all there already
async function* oneChunk(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}
