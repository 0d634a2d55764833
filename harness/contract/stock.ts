/** How a flash sale keeps count of what is left: one file per strategy in `targets/stock/`. */
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { z } from 'zod';
import type { Clock, Log } from './time.ts';

export interface PurchaseRequest {
  /** Chosen by the client and unique in the run, so that a repeat is seen as one. */
  orderId: string;
  product: number;
  user: number;
  quantity: number;
}
export type PurchaseResult = 'accepted' | 'sold-out' | 'limit-reached' | 'unavailable';

export interface StockContext<P> {
  redis: Redis;
  postgres: Pool;
  clock: Clock;
  log: Log;
  parameters: P;
  instance: string;
  /** Purchases that one user may make; null for no limit. */
  purchasesPerUser: number | null;
}
export interface StockService {
  purchase(request: PurchaseRequest): Promise<PurchaseResult>;
  /** Orders accepted but not yet in the database. */
  pending(): Promise<number>;
  /** Finishes what is queued and stops workers. */
  close(): Promise<void>;
}
export interface StockStrategy<S extends z.ZodObject = z.ZodObject> {
  id: string;
  title: string;
  prose: string;
  source: string;
  parameters: S;
  create(context: StockContext<z.output<S>>): Promise<StockService>;
}
export function defineStockStrategy<S extends z.ZodObject>(strategy: StockStrategy<S>): StockStrategy<S> {
  return strategy;
}
