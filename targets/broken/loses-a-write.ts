/**
 * Answers a write before it is stored, and now and then does not store it: one in ten is confirmed with the version
 * before it and forgotten. Must be found by the "no lost write" check.
 */
import { defineBrokenService } from '../shop/broken.ts';

const EVERY = 10;

export default defineBrokenService({
  id: 'loses-a-write',
  title: 'Loses a write',
  prose: `One write in ${EVERY} is acknowledged and dropped.`,
  writes(service) {
    let writes = 0;
    let last = 1;
    return {
      ...service,
      async write(request) {
        writes += 1;
        if (writes % EVERY === 0) return { version: last, cacheTold: true };
        const written = await service.write(request);
        last = written?.version ?? last;
        return written;
      },
    };
  },
});
