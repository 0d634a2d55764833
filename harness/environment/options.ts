/** The environment variable that replaces each image, for hints; defaults and precedence are the plan's business. */
import type { EnvironmentOptions } from '../contract/environment.ts';

export type ImageOption =
  | 'redisImage'
  | 'memcachedImage'
  | 'postgresImage'
  | 'toxiproxyImage'
  | 'nodeImage'
  | 'nginxImage';

const VARIABLES: Record<ImageOption, string> = {
  redisImage: 'CACHEQUAKE_REDIS_IMAGE',
  memcachedImage: 'CACHEQUAKE_MEMCACHED_IMAGE',
  postgresImage: 'CACHEQUAKE_POSTGRES_IMAGE',
  toxiproxyImage: 'CACHEQUAKE_TOXIPROXY_IMAGE',
  nodeImage: 'CACHEQUAKE_NODE_IMAGE',
  nginxImage: 'CACHEQUAKE_NGINX_IMAGE',
};

/** How an image is changed, in words. */
export function howToChange(option: ImageOption): string {
  return `set ${VARIABLES[option]} to an image that this machine has or can pull`;
}

/** The images that a docker run cannot do without. */
export const REQUIRED_IMAGES = [
  'redisImage',
  'postgresImage',
  'nodeImage',
] as const satisfies (keyof EnvironmentOptions)[];
