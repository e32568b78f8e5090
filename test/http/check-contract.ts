import { PROBLEMS, type ProblemCode } from '../../src/http/problem.js';
import { problemSchema } from '../../src/http/schemas/problem.js';
import { endpointAt } from './endpoint-table.js';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The JSON of the body, if it has one. Tests read from it what they expect to be there. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

/**
 * Holds an answer against what the endpoint table promises: a status that is declared, a body with just the
 * fields of its schema, and problems as RFC 9457 and the table of problems have them.
 */
export function checkContract(method: string, path: string, answer: Answer): void {
  const { status, headers, body } = answer;
  const requestId = headers.get('x-request-id');
  expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
  if (status >= 400) {
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(problemSchema.parse(body)).toEqual(body);
    const code = (body as { code: ProblemCode }).code;
    expect(PROBLEMS).toHaveProperty(code);
    expect(body).toMatchObject({ ...PROBLEMS[code], type: `urn:paasdb:problem:${code}`, requestId });
    expect(status).toBe(PROBLEMS[code].status);
    return;
  }
  const endpoint = endpointAt(method, path);
  if (!endpoint) return;
  const contract = endpoint.responses[status as 200];
  if (!contract) throw new Error(`${endpoint.id} does not declare the status ${status} that it answered`);
  if (contract.stream !== undefined) {
    expect(headers.get('content-type')).toBe(contract.stream);
  } else if (!contract.body) {
    expect(answer.text).toBe('');
  } else if (headers.get('content-type')?.startsWith('application/json')) {
    expect(contract.body.parse(body)).toEqual(body);
  } else {
    expect(endpoint.asText).toBeDefined();
  }
}
