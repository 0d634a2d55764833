/** What stands in place of each placeholder of a description, for one instance or for whoever fills the database. */
import { fillPlaceholders, type Placeholder } from '../../harness/contract/own-target.ts';
import type { RunPlan } from '../../harness/contract/plan.ts';
import type { InstanceSurroundings } from '../../harness/contract/target.ts';

type Values = Readonly<Record<Placeholder, string>>;

/**
 * @param around addresses may be empty; then so are their parts
 */
export function placeholderValues(plan: RunPlan, around: InstanceSurroundings): Values {
  const redis = parts(around.redisUrl, '6379');
  const postgres = parts(around.postgresUrl, '5432');
  const { dataset, service } = plan;
  return {
    redisUrl: around.redisUrl,
    redisHost: redis.host,
    redisPort: redis.port,
    postgresUrl: around.postgresUrl,
    postgresHost: postgres.host,
    postgresPort: postgres.port,
    postgresUser: postgres.user,
    postgresPassword: postgres.password,
    postgresDatabase: postgres.database,
    host: around.listenHost,
    port: String(around.listenPort),
    instance: String(around.index),
    instances: String(around.instances),
    seed: String(plan.seed),
    profile: plan.profile.id,
    ttlMs: String(plan.ttlMs),
    ttlSec: String(Math.max(1, Math.round(plan.ttlMs / 1000))),
    products: String(dataset.products),
    reviewsPerProduct: String(dataset.reviewsPerProduct),
    stock: String(dataset.stock),
    recomputeMs: String(dataset.cost.kind === 'wait' ? dataset.cost.waitMs : 0),
    payloadBytes: dataset.payloadBytes === undefined ? '' : String(dataset.payloadBytes),
    redisTimeoutMs: String(service.redisTimeoutMs),
    postgresTimeoutMs: String(service.postgresTimeoutMs),
    postgresPool: String(service.postgresPool),
  };
}

/** Fills in what is known; other braces, as of JSON or of an array in SQL, stay as they are. */
export function fill(text: string, values: Values): string {
  return fillPlaceholders(text, (name) => (Object.hasOwn(values, name) ? values[name as Placeholder] : undefined));
}

function parts(address: string, defaultPort: string) {
  if (address === '') return { host: '', port: '', user: '', password: '', database: '' };
  const url = new URL(address);
  return {
    host: url.hostname,
    port: url.port || defaultPort,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
  };
}
