/** What is shown of runs with an HTTP cache in front of the service, by id and label. */
export const EDGE_MEASURES: readonly (readonly [id: string, label: string])[] = [
  ['edge.originRequestsPerRequest', 'Requests to the service per request'],
  ['edge.bytesPerRequest', 'Bytes from the service per request'],
  ['edge.notModified', '304s of the service'],
];
