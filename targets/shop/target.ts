/**
 * The shop as a target: how an instance is started and how operations become requests. A service of your own is
 * described in the same way, with nothing but a command or URL and this mapping.
 */
import type { RunPlan } from '../../harness/contract/plan.ts';
import { defineTarget } from '../../harness/contract/target.ts';
import type { Target } from '../../harness/contract/target.ts';
import { reconcileShop, resetShop, seedShop } from './schema.ts';
import { readWriteHistory } from './write-tables.ts';

const JSON_BODY = { 'content-type': 'application/json' };

/** RFC 9111; `stale-while-revalidate` is RFC 5861. */
function cacheControl(told: NonNullable<RunPlan['edge']>['parameters']): string {
  return `public, max-age=${told.maxAgeSec}, s-maxage=${told.sMaxAgeSec}, stale-while-revalidate=${told.staleWhileRevalidateSec}`;
}

/**
 * The shop, whole or deliberately broken.
 *
 * @param broken id of a file in `targets/broken/`, to prove that the checks see it; null for the shop as it should be
 */
export function createShopTarget(broken: string | null): Target {
  return defineTarget({
    id: 'shop',
    title: broken === null ? 'Reference shop' : `Reference shop, deliberately broken: ${broken}`,
    operations: {
      'read-item': { method: 'GET', path: '/products/{key}', identity: '"key":"product:{key}"', absentStatuses: [404] },
      'write-item': {
        method: 'PUT',
        path: '/products/{key}',
        headers: JSON_BODY,
        body: '{"id":"{id}","user":{user}}',
        identity: '"key":"product:{key}"',
        recordWrites: true,
      },
      purchase: {
        method: 'POST',
        path: '/purchases',
        headers: JSON_BODY,
        body: '{"orderId":"{id}","product":{key},"user":{user},"quantity":1}',
        identity: '"orderId":"{id}"',
        rejectedStatuses: [409, 429],
        recordWrites: true,
      },
    },
    command: { entry: 'targets/shop/main' },
    readsFromReplica: true,
    readyPath: '/healthz',
    helpers: (plan) =>
      plan.stack.some(({ id }) => id === 'external-refresh')
        ? [{ name: 'refresher', entry: 'targets/shop/refresh-worker' }]
        : [],
    environment: (plan, surroundings) => ({
      SHOP_HOST: surroundings.listenHost,
      SHOP_PORT: String(surroundings.listenPort),
      SHOP_INSTANCE: String(surroundings.index),
      SHOP_INSTANCES: String(surroundings.instances),
      REDIS_URL: surroundings.redisUrl,
      DATABASE_URL: surroundings.postgresUrl,
      SHOP_STACK: JSON.stringify(plan.stack),
      SHOP_TTL_MS: String(plan.ttlMs),
      SHOP_COST: JSON.stringify(plan.dataset.cost),
      SHOP_PAYLOAD_BYTES: plan.dataset.payloadBytes === undefined ? '' : String(plan.dataset.payloadBytes),
      SHOP_REDIS_TIMEOUT_MS: String(plan.service.redisTimeoutMs),
      SHOP_POSTGRES_TIMEOUT_MS: String(plan.service.postgresTimeoutMs),
      SHOP_POSTGRES_POOL: String(plan.service.postgresPool),
      SHOP_SEED: String(plan.seed),
      SHOP_STORE: JSON.stringify(plan.store),
      SHOP_READ_DATABASE_URL: (plan.readReplica && surroundings.servers?.['postgres-replica']) ?? '',
      SHOP_SERVERS: JSON.stringify(surroundings.servers ?? {}),
      SHOP_WRITE: plan.write === null ? '' : JSON.stringify(plan.write),
      SHOP_WORKLOAD: plan.workload === null ? '' : JSON.stringify(plan.workload),
      SHOP_STOCK: plan.stock === null ? '' : JSON.stringify(plan.stock),
      SHOP_PURCHASES_PER_USER: plan.purchasesPerUser === null ? '' : String(plan.purchasesPerUser),
      SHOP_PER_USER_PER_SEC: plan.perUserPerSec === undefined ? '' : String(plan.perUserPerSec),
      SHOP_CACHE_CONTROL: plan.edge ? cacheControl(plan.edge.parameters) : '',
      SHOP_BROKEN: broken ?? '',
    }),
    seed: (plan, sql) => seedShop(plan.dataset, sql),
    reset: (_plan, sql) => resetShop(sql),
    reconcile: reconcileShop,
    writeHistory: readWriteHistory,
  });
}

/** `SHOP_BROKEN` in the harness's own environment names a broken service; the plan then says so in the title. */
export default createShopTarget(process.env['SHOP_BROKEN'] || null);
