/** What the demo shop sells. Categories are departments of the retailer whose purchases `make run` replays. */
export interface Product {
  sku: string;
  category: string;
  /** Of one unit, in cents of CURRENCY. */
  priceCents: number;
}

export const CURRENCY = "USD";
export const QUANTITY_LIMIT = 99;

export const catalog: readonly Product[] = [
  { sku: "apples", category: "PRODUCE", priceCents: 349 },
  { sku: "bananas", category: "PRODUCE", priceCents: 199 },
  { sku: "tomatoes", category: "PRODUCE", priceCents: 279 },
  { sku: "carrots", category: "PRODUCE", priceCents: 149 },
  { sku: "bread", category: "PASTRY", priceCents: 549 },
  { sku: "croissant", category: "PASTRY", priceCents: 480 },
  { sku: "cheese", category: "DELI", priceCents: 799 },
  { sku: "salmon", category: "SEAFOOD", priceCents: 1299 },
  { sku: "steak", category: "MEAT", priceCents: 1850 },
  { sku: "pasta", category: "GROCERY", priceCents: 229 },
  { sku: "coffee", category: "GROCERY", priceCents: 1199 },
  { sku: "flowers", category: "FLORAL", priceCents: 999 },
];

/** How many of each product, by its sku. */
export type Basket = Readonly<Record<string, number>>;

export const inMoney = (cents: number) => `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;

export const linesOf = (basket: Basket) =>
  catalog.flatMap((product) => {
    const quantity = basket[product.sku] ?? 0;
    return quantity > 0 ? [{ product, quantity, cents: quantity * product.priceCents }] : [];
  });

export const totalCents = (basket: Basket) => linesOf(basket).reduce((sum, line) => sum + line.cents, 0);
