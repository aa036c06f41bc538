"use client";

import { Button, type ButtonProps } from "@mantine/core";
import { useSyncExternalStore } from "react";

const nothing = () => () => undefined;

/**
 * Sends a form once the page's scripts are there to send it. Before that a browser would send the fields by itself,
 * into the page's address: a disabled button keeps a click and the return key from it.
 */
export function SubmitButton({ disabled, ...rest }: ButtonProps) {
  const ready = useSyncExternalStore(
    nothing,
    () => true,
    () => false,
  );
  return <Button type="submit" disabled={!ready || disabled} {...rest} />;
}
