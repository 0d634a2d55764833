/** Figures of profiles that write, in the order and with the names in which every report shows them. */
export const WRITE_MEASURES = [
  ['stale.share', 'Stale reads by version'],
  ['stale.ageP50', 'Stale age p50'],
  ['stale.ageP99', 'Stale age p99'],
  ['stale.ageMax', 'Stale age max'],
  ['stale.overwrites', 'Went back'],
  ['stale.readYourWrites', 'Missed own write'],
  ['stale.atEnd', 'Stale at the end'],
  ['writes.lost', 'Lost writes'],
  ['writes.lagP99', 'Lag of the cache p99'],
] as const;
