import { type AskAs } from "@laurel/bff";

import { type Basket, CURRENCY, inMoney, linesOf, QUANTITY_LIMIT, totalCents } from "@/shop/catalog";

import { withReceipt } from "./receipts";

interface Order {
  orderId: string;
  basket: Basket;
}

/** The order in a page's request; null when it is none. Prices are the shop's own, whatever the page says. */
export function readOrder(body: unknown): Order | null {
  if (typeof body !== "object" || body === null) return null;
  const { orderId, basket } = body as Partial<Order>;
  if (typeof orderId !== "string" || !/^[0-9a-f]{32}$/.test(orderId)) return null;
  if (typeof basket !== "object" || !Object.values(basket).every(isQuantity)) return null;
  return linesOf(basket).length > 0 ? { orderId, basket } : null;
}

const isQuantity = (value: unknown) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= QUANTITY_LIMIT;

/** Tell Laurel of a purchase, with the shop's signature. The same order again is the same purchase. */
export async function place({ orderId, basket }: Order, ask: AskAs): Promise<Response> {
  const purchase = {
    external_id: `web-${orderId}`,
    amount: inMoney(totalCents(basket)),
    currency: CURRENCY,
    items: linesOf(basket).map(({ product, quantity, cents }) => ({
      sku: product.sku,
      category: product.category,
      quantity,
      amount: inMoney(cents),
    })),
  };
  return ask("POST", "/transaction", JSON.stringify(await withReceipt(purchase)), { "idempotency-key": orderId });
}
