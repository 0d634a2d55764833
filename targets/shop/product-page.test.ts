import { expect, test } from 'vitest';
import { type ProductPage, toSize } from './product-page.ts';

const PAGE: ProductPage = {
  key: 'product:7',
  version: 3,
  name: 'Quiet lamp 7',
  priceCents: 1999,
  updatedAt: '2026-01-01T00:00:00.000Z',
  reviews: 20,
  rating: 3.25,
  helpfulVotes: 4000,
  rank: 2,
  bestReviews: Array.from({ length: 5 }, (_, i) => ({
    rating: 5,
    helpful: 400 - i,
    body: `Better, é. Review ${i} of 7.`,
  })),
};

const bytesOf = (page: ProductPage): number => Buffer.byteLength(JSON.stringify(page));

test.each([250, 300, 700, 1024, 100_000])('a page is filled up or shortened to %d bytes', (bytes) => {
  const page = toSize(PAGE, bytes);
  // Leaving a review out may leave less room than the padding's own name takes.
  expect(bytesOf(page)).toBeLessThanOrEqual(bytes);
  expect(bytesOf(page)).toBeGreaterThan(bytes - 14);
  expect(page).toMatchObject({ key: 'product:7', version: 3, priceCents: 1999 });
});

test('what makes a page stays, whatever size is asked for; without a size it is as it comes', () => {
  const least = toSize(PAGE, 1);
  expect(least.bestReviews).toEqual([]);
  expect(least).toMatchObject({ key: 'product:7', version: 3 });
  expect(least.padding).toBeUndefined();
  expect(bytesOf(least)).toBeLessThan(231);
  expect(toSize(PAGE, null)).toBe(PAGE);
});
