/** Figures of workloads that tables show where a run has them, in their order. */
export const WORKLOAD_MEASURES = [
  ['tokens.renewalsPerPeriod', 'Renewals per token life'],
  ['sessions.lost', 'Sessions lost'],
] as const;
