"use client";

import { useFormat } from "@laurel/ui";

import { useText } from "@/text";

/** Writes the exact numbers of a receipt with their unit: "2.5", and "10/3" where the decimals have no end. */
export function useExact(): (value: string) => string {
  const format = useFormat();
  const { pointsWord } = useText().receipt;
  return (value) => `${value.includes("/") ? value.replace("/", "⁄") : format.decimal(value)} ${pointsWord}`;
}
