"use client";

import { useLocalStorage } from "@mantine/hooks";

import { type Basket, QUANTITY_LIMIT } from "./catalog";

/** The basket, kept in this browser and the same in all its tabs. */
export function useBasket() {
  const [basket, setBasket] = useLocalStorage<Basket>({ key: "laurel-basket", defaultValue: {} });
  const change = (sku: string, by: number) =>
    setBasket((now) => {
      const quantity = Math.min(QUANTITY_LIMIT, Math.max(0, (now[sku] ?? 0) + by));
      return { ...now, [sku]: quantity };
    });
  return { basket, change, clear: () => setBasket({}) };
}
