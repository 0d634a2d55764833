/**
 * What a service in `targets/broken/` may change. Each is the shop with one fault built in on purpose, so that every
 * check can be shown to find what it is for.
 */
import type { StockContext, StockService } from '../../harness/contract/stock.ts';
import type { WriteService } from '../../harness/contract/write.ts';
import type { Reader } from '../reader/create-reader.ts';
import type { ProductPage } from './product-page.ts';

export interface BrokenService {
  /** Equals the file's name; chosen with `SHOP_BROKEN`. */
  id: string;
  title: string;
  /** What is wrong, and which check must find it. */
  prose: string;
  reads?(read: Reader<ProductPage>['read']): Reader<ProductPage>['read'];
  writes?(service: WriteService): WriteService;
  sells?(stock: StockService, context: StockContext<unknown>): StockService;
}

/** Declares a broken service. */
export function defineBrokenService(service: BrokenService): BrokenService {
  return service;
}
