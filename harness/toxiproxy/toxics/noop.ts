/** A toxic that does nothing: it can be added, seen and removed, and links keep their short way. */
import type { ToxicType } from './stage.ts';

export const noop: ToxicType = { attributes: [], start: () => null };
